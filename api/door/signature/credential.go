package signature

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"time"
)

// credentials are the kinds that send a secret along: basic (user:password), bearer, and an API key in a header or in the query.
type credentials struct {
	kind, header, query string
}

func newCredential(v Spec) (*credentials, *Refusal) {
	c := &credentials{kind: v.Kind, header: strings.ToLower(v.Header), query: v.Query}
	switch {
	case v.Kind != "api_key":
		c.header, c.query = "authorization", ""
	case (c.header == "") == (c.query == ""):
		return nil, unusable("an API key comes in a header or in a query parameter: exactly one of them must be named")
	}
	return c, nil
}

func (c *credentials) marks() Marks {
	prefix := map[string]string{"basic": "Basic ", "bearer": "Bearer "}[c.kind]
	return Marks{Header: c.header, Query: c.query, Prefix: prefix}
}

func (c *credentials) prepare(s *Secret) {
	sum := sha256.Sum256(s.Value)
	s.key = sum[:]
	switch {
	case len(s.Value) == 0:
		s.key, s.issue = nil, "secret_empty"
	case c.kind == "basic" && bytes.IndexByte(s.Value, ':') < 0:
		s.key, s.issue = nil, "secret_no_user"
	}
}

// same compares in a time that tells neither content nor length.
func same(given string, key any) bool {
	want, ok := key.([]byte)
	sum := sha256.Sum256([]byte(given))
	return ok && subtle.ConstantTimeCompare(sum[:], want) == 1
}

// schemeOf names the scheme of an authorization header, where it is one that people use: a bare credential is not shown.
func schemeOf(value string) string {
	scheme, _, _ := strings.Cut(strings.TrimSpace(value), " ")
	switch name := strings.ToLower(scheme); name {
	case "basic", "bearer", "digest", "token", "apikey", "hmac", "signature", "negotiate", "aws4-hmac-sha256":
		return name
	}
	return "another"
}

func alike(a, b string) bool {
	sum := sha256.Sum256([]byte(b))
	return same(a, sum[:])
}

// given is what the request sends along.
func (c *credentials) given(r *Request) (string, *Refusal) {
	if c.query != "" {
		u, err := url.Parse(r.URL)
		if err != nil {
			return "", refuse("MH_CREDENTIAL_MALFORMED", "query_unreadable", "the query can not be read")
		}
		query, err := url.ParseQuery(u.RawQuery)
		switch values := query[c.query]; {
		case err != nil:
			return "", refuse("MH_CREDENTIAL_MALFORMED", "query_unreadable", "the query can not be read")
		case len(values) > 1:
			return "", refuse("MH_CREDENTIAL_MALFORMED", "query_repeated", "the query has %s %d times; it must come once", c.query, len(values)).
				with("parameter", c.query).with("times", len(values))
		case len(values) == 0 || values[0] == "":
			return "", refuse("MH_CREDENTIAL_MISSING", "query_missing", "the query has no %s", c.query).with("parameter", c.query)
		default:
			return values[0], nil
		}
	}
	if refused := once(r.Header, c.header); refused != nil {
		return "", refused
	}
	value, refused := credential(r.Header, c.header, "MH_CREDENTIAL_MISSING", "MH_CREDENTIAL_MALFORMED", maxHeader)
	if refused != nil || c.kind == "api_key" {
		return value, refused
	}
	scheme, rest, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, c.kind) {
		return "", refuse("MH_CREDENTIAL_MALFORMED", "scheme_other", "the header authorization is not of the scheme %s", c.kind).
			with("got", schemeOf(value)).with("expected", c.kind)
	}
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return "", refuse("MH_CREDENTIAL_MISSING", "header_empty", "the header authorization holds nothing after %s", c.kind).with("header", "authorization")
	}
	if c.kind == "basic" {
		raw, err := base64.StdEncoding.DecodeString(rest)
		if err != nil || bytes.IndexByte(raw, ':') < 0 {
			return "", refuse("MH_CREDENTIAL_MALFORMED", "basic_unreadable", "the header authorization holds no user and password in base64")
		}
		return string(raw), nil
	}
	return rest, nil
}

func (c *credentials) check(_ context.Context, r *Request, secrets []Secret, now time.Time) *Refusal {
	given, refused := c.given(r)
	if refused != nil {
		return refused
	}
	good := false
	for i := range secrets {
		if s := &secrets[i]; s.live(now) {
			good = same(given, s.key) || good
		}
	}
	if good {
		return nil
	}
	if refused := noSecret(secrets, now); refused != nil {
		return refused
	}
	return refuse("MH_CREDENTIAL_WRONG", "credential_wrong", "the credential is not one that this endpoint takes")
}

// explain keeps what it finds in the trace: whoever sends a wrong credential is not told how it is wrong.
func (c *credentials) explain(r *Request, secrets []Secret, now time.Time, refused *Refusal) {
	if c.header != "" {
		refused.with("header", c.header)
	}
	if refused.Why() != "credential_wrong" && refused.Why() != "secret_none" {
		return
	}
	given, _ := c.given(r)
	refused.with("got", mask(given))
	why, secret := c.closer(given, secrets, now)
	if why != "" && (secret != nil || refused.Why() == "credential_wrong") {
		refused.with("why", why)
		if secret != nil {
			refused.about(secret)
		}
	}
}

func (c *credentials) closer(given string, secrets []Secret, now time.Time) (string, *Secret) {
	for i := range secrets {
		if s := &secrets[i]; !s.live(now) && same(given, s.key) {
			if !s.Until.IsZero() && !now.Before(s.Until) {
				return "secret_expired", s
			}
			return "secret_not_yet", s
		}
	}
	user, _, _ := strings.Cut(given, ":")
	userKnown := false
	for i := range secrets {
		s := &secrets[i]
		if !s.live(now) || s.key == nil {
			continue
		}
		value := string(s.Value)
		switch {
		case alike(strings.TrimSpace(given), strings.TrimSpace(value)):
			return "credential_whitespace", s
		case c.kind != "basic" && alike(strings.ToLower(given), strings.ToLower(value)):
			return "credential_case", s
		case c.kind == "api_key" && alike(given, "Bearer "+value):
			return "credential_prefixed", s
		}
		known, _, _ := strings.Cut(value, ":")
		userKnown = alike(known, user) || userKnown
	}
	switch {
	case c.kind == "basic" && userKnown:
		return "password_wrong", nil
	case c.kind == "basic":
		return "user_wrong", nil
	}
	return "", nil
}

func (c *credentials) sign(r *Request, secret *Secret, _ string, _ time.Time) error {
	if secret.key == nil {
		return errors.New("the secret is not what this kind of verification compares with; for basic it is user:password")
	}
	value := string(secret.Value)
	switch {
	case c.kind == "basic":
		requestHeader(r).Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString(secret.Value))
	case c.kind == "bearer":
		requestHeader(r).Set("Authorization", "Bearer "+value)
	case c.header != "":
		requestHeader(r).Set(c.header, value)
	default:
		u, err := url.Parse(r.URL)
		if err != nil {
			return err
		}
		query := u.Query()
		query.Set(c.query, value)
		u.RawQuery = query.Encode()
		r.URL = u.String()
	}
	return nil
}

// mask keeps at most six characters, and never more than a quarter.
func mask(value string) string {
	return strings.ToValidUTF8(value[:min(6, len(value)/4)], "") + "***"
}

// about names the secret that a refusal is about.
func (r *Refusal) about(s *Secret) *Refusal {
	r.with("secret", s.ID)
	if !s.Until.IsZero() {
		r.with("until", s.Until.UTC().Format(time.RFC3339))
	}
	if !s.From.IsZero() {
		r.with("from", s.From.UTC().Format(time.RFC3339))
	}
	return r
}
