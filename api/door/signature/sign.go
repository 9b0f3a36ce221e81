package signature

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// Sign sets the headers by which Check lets the request in: the signature, and the time and id that the recipe asks for.
func (r *Recipe) Sign(headers http.Header, secret, body []byte, url, id string, now time.Time) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	sum := r.mac(nil, secret, body, stamp, id, url)
	text := hex.EncodeToString(sum)
	if r.encoding == "base64" {
		text = base64.StdEncoding.EncodeToString(sum)
	}
	text = r.Prefix + text
	if r.IDHeader != "" {
		headers.Set(r.IDHeader, id)
	}
	switch r.TimestampHeader {
	case "":
	case r.Header: // both in one header, as a list
		text = "t=" + stamp + "," + text
	default:
		headers.Set(r.TimestampHeader, stamp)
	}
	headers.Set(r.Header, text)
}

// mac appends to out what the key makes of the string that is signed.
func (r *Recipe) mac(out, key, body []byte, stamp, id, url string) []byte {
	mac := hmac.New(r.hash, key)
	for _, p := range r.signed {
		switch p.is {
		case "":
			mac.Write([]byte(p.text))
		case "body":
			mac.Write(body)
		case "timestamp":
			mac.Write([]byte(stamp))
		case "id":
			mac.Write([]byte(id))
		case "url":
			mac.Write([]byte(url))
		}
	}
	return mac.Sum(out)
}
