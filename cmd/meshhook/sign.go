package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// recipe says how the requests of an endpoint are verified: {"kind": "none"} or an hmac recipe.
type recipe struct {
	Kind            string `json:"kind"`
	Algorithm       string `json:"algorithm"`
	Header          string `json:"header"`
	Encoding        string `json:"encoding"`
	Prefix          string `json:"prefix"`
	Signed          string `json:"signed"`
	TimestampHeader string `json:"timestamp_header"`
	IDHeader        string `json:"id_header"`
}

// sign sets the headers that the recipe asks for.
func (r recipe) sign(headers http.Header, secret, body []byte, url, id string, now time.Time) error {
	if len(secret) == 0 {
		return usagef("there is no secret to sign with: --secret-stdin or $%s brings one", secretVariable)
	}
	algorithm := map[string]func() hash.Hash{"": sha256.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}[r.Algorithm]
	if algorithm == nil {
		return usagef("%q is no algorithm to sign with; sha1, sha256 and sha512 are", r.Algorithm)
	}
	if r.Header == "" {
		return usagef("the recipe names no header for the signature")
	}
	timestamp := strconv.FormatInt(now.Unix(), 10)
	signed := r.Signed
	if signed == "" {
		signed = "{body}"
	}
	// One pass: what stands in a body is never taken for a word of the recipe.
	text := strings.NewReplacer("{body}", string(body), "{timestamp}", timestamp, "{id}", id, "{url}", url).Replace(signed)
	mac := hmac.New(algorithm, secret)
	mac.Write([]byte(text))
	var signature string
	switch r.Encoding {
	case "", "hex":
		signature = hex.EncodeToString(mac.Sum(nil))
	case "base64":
		signature = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	default:
		return fmt.Errorf("%q is no encoding of a signature; hex and base64 are", r.Encoding)
	}
	if r.IDHeader != "" {
		headers.Set(r.IDHeader, id)
	}
	if strings.EqualFold(r.TimestampHeader, r.Header) { // both in one header, as a list
		headers.Set(r.Header, "t="+timestamp+","+r.Prefix+signature)
		return nil
	}
	if r.TimestampHeader != "" {
		headers.Set(r.TimestampHeader, timestamp)
	}
	headers.Set(r.Header, r.Prefix+signature)
	return nil
}
