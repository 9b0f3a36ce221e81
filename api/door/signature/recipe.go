// Package signature is the one place that knows how a webhook is signed: the door checks by it and the command line signs by it.
package signature

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"hash"
	"strings"
	"time"
)

// Spec is endpoints.verify as it is written, or part of it; "" stands for a default.
type Spec struct {
	Kind            string `json:"kind"`
	Algorithm       string `json:"algorithm"`
	Header          string `json:"header"`
	Encoding        string `json:"encoding"`
	Prefix          string `json:"prefix"`
	Signed          string `json:"signed"`
	TimestampHeader string `json:"timestamp_header"`
	IDHeader        string `json:"id_header"`
	ToleranceMS     int64  `json:"tolerance_ms"`
}

// Recipe is how an endpoint's requests are signed, ready to be used.
type Recipe struct {
	hash            func() hash.Hash
	Header          string // lower case
	encoding        string // hex or base64
	Prefix          string
	signed          []part
	TimestampHeader string
	IDHeader        string
	tolerance       time.Duration
}

// part of the string that is signed: text, or what stands for something of the request.
type part struct {
	text string
	is   string // "", body, timestamp, id, url
}

// Parse reads endpoints.verify. A nil recipe verifies nothing, and is answered for kind "none" alone.
func Parse(raw json.RawMessage) (*Recipe, *Refusal) {
	var v Spec
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, refuse("MH_VERIFY_KIND", "the endpoint's verification can not be read")
	}
	return v.Recipe()
}

// Recipe makes a spec ready to be used. It is nil, without a refusal, for kind "none" alone.
func (v Spec) Recipe() (*Recipe, *Refusal) {
	switch v.Kind {
	case "none":
		return nil, nil
	case "hmac":
	default:
		return nil, refuse("MH_VERIFY_KIND", "this door does not know how to verify %q, so nothing enters", v.Kind)
	}
	r := &Recipe{
		Header: strings.ToLower(v.Header), encoding: v.Encoding, Prefix: v.Prefix,
		TimestampHeader: strings.ToLower(v.TimestampHeader), IDHeader: strings.ToLower(v.IDHeader),
		tolerance: time.Duration(v.ToleranceMS) * time.Millisecond,
	}
	switch v.Algorithm {
	case "sha1":
		r.hash = sha1.New
	case "sha256", "":
		r.hash = sha256.New
	case "sha512":
		r.hash = sha512.New
	default:
		return nil, refuse("MH_VERIFY_KIND", "this door does not know the algorithm %q, so nothing enters", v.Algorithm)
	}
	switch v.Encoding {
	case "hex", "base64", "":
	default:
		return nil, refuse("MH_VERIFY_KIND", "this door does not know the encoding %q, so nothing enters", v.Encoding)
	}
	if r.tolerance <= 0 {
		r.tolerance = 5 * time.Minute
	}
	if v.Signed == "" {
		v.Signed = "{body}"
	}
	r.signed = parseSigned(v.Signed)
	signsBody := false
	for _, p := range r.signed {
		signsBody = signsBody || p.is == "body"
		if p.is == "timestamp" && r.TimestampHeader == "" || p.is == "id" && r.IDHeader == "" {
			return nil, refuse("MH_VERIFY_KIND", "the recipe signs the %s but names no header that brings it, so nothing enters", p.is)
		}
	}
	if r.Header == "" || !signsBody {
		return nil, refuse("MH_VERIFY_KIND", "the recipe names no header or does not sign the body, so nothing enters")
	}
	return r, nil
}

func parseSigned(template string) []part {
	var parts []part
	for template != "" {
		open := strings.IndexByte(template, '{')
		if open < 0 {
			return append(parts, part{text: template})
		}
		end := strings.IndexByte(template[open:], '}')
		if end < 0 {
			return append(parts, part{text: template})
		}
		switch word := template[open+1 : open+end]; word {
		case "body", "timestamp", "id", "url":
			if open > 0 {
				parts = append(parts, part{text: template[:open]})
			}
			parts = append(parts, part{is: word})
		default:
			parts = append(parts, part{text: template[:open+end+1]})
		}
		template = template[open+end+1:]
	}
	return parts
}
