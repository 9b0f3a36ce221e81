package door

import (
	"strings"

	"github.com/profullstack/meshhook/api/door/signature"
)

// sensitiveQuery are parameters that carry credentials besides the one that an endpoint names.
var sensitiveQuery = map[string]bool{"hub.verify_token": true}

// sensitive headers carry credentials under names that everybody uses.
var sensitive = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "set-cookie": true,
	"x-api-key": true, "api-key": true, "apikey": true, "x-auth-token": true, "x-access-token": true,
	"x-csrf-token": true, "x-xsrf-token": true, "x-amz-security-token": true, "x-gitlab-token": true,
}

// tellingWords mark other headers as sensitive; a name such as x-acme-signature needs no list.
var tellingWords = []string{"signature", "secret", "password", "token", "hmac"}

// mask shortens a header's value that carries a credential: its first characters stay, so that two can be told apart.
// name is in lower case.
func mask(name, value string, r *signature.Marks) string {
	switch {
	case r != nil && name == r.Header:
		if r.TimestampHeader == name {
			return value[:min(len(value), 24)] + "***" // the timestamp stands in it
		}
		prefix, rest := "", value
		if len(value) >= len(r.Prefix) && strings.EqualFold(value[:len(r.Prefix)], r.Prefix) {
			prefix, rest = value[:len(r.Prefix)], value[len(r.Prefix):]
		}
		return prefix + shorten(rest)
	case r != nil && (name == r.TimestampHeader || name == r.IDHeader):
		return value
	case name == "authorization" || name == "proxy-authorization":
		if scheme, credentials, ok := strings.Cut(value, " "); ok && len(scheme) <= 20 {
			return scheme + " " + shorten(credentials)
		}
		return shorten(value)
	case sensitive[name]:
		return shorten(value)
	}
	for _, word := range tellingWords {
		if strings.Contains(name, word) {
			return shorten(value)
		}
	}
	return value
}

// shorten keeps at most six characters, and never more than a quarter.
func shorten(value string) string {
	return value[:min(6, len(value)/4)] + "***"
}
