package door

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// recipe is how an endpoint's requests are signed, ready to be used.
type recipe struct {
	hash            func() hash.Hash
	header          string // lower case
	encoding        string // hex or base64
	prefix          string
	signed          []part
	timestampHeader string
	idHeader        string
	tolerance       time.Duration
}

// part of the string that is signed: text, or what stands for something of the request.
type part struct {
	text string
	is   string // "", body, timestamp, id, url
}

// refusal is why a request does not enter.
type refusal struct{ cause, message string }

func refuse(cause, format string, args ...any) *refusal {
	return &refusal{cause: cause, message: fmt.Sprintf(format, args...)}
}

// signingSecret is a secret with the time in which it counts.
type signingSecret struct {
	value       []byte
	from, until time.Time // zero: open
}

func (s *signingSecret) live(now time.Time) bool {
	return (s.from.IsZero() || !now.Before(s.from)) && (s.until.IsZero() || now.Before(s.until))
}

// parseRecipe reads endpoints.verify. A nil recipe verifies nothing, and is answered for kind "none" alone.
func parseRecipe(raw json.RawMessage) (*recipe, *refusal) {
	var v struct {
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
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, refuse("MH_VERIFY_KIND", "the endpoint's verification can not be read")
	}
	switch v.Kind {
	case "none":
		return nil, nil
	case "hmac":
	default:
		return nil, refuse("MH_VERIFY_KIND", "this door does not know how to verify %q, so nothing enters", v.Kind)
	}
	r := &recipe{
		header: strings.ToLower(v.Header), encoding: v.Encoding, prefix: v.Prefix,
		timestampHeader: strings.ToLower(v.TimestampHeader), idHeader: strings.ToLower(v.IDHeader),
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
		if p.is == "timestamp" && r.timestampHeader == "" || p.is == "id" && r.idHeader == "" {
			return nil, refuse("MH_VERIFY_KIND", "the recipe signs the %s but names no header that brings it, so nothing enters", p.is)
		}
	}
	if r.header == "" || !signsBody {
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

// check tells whether the request carries a good signature: nil, or why not.
func (r *recipe) check(body []byte, header http.Header, url string, secrets []signingSecret, now time.Time) *refusal {
	given := header.Get(r.header)
	if given == "" {
		return refuse("MH_SIGNATURE_MISSING", "the header %s is missing", r.header)
	}
	stamp := ""
	if r.timestampHeader != "" {
		value := header.Get(r.timestampHeader)
		if value == "" {
			return refuse("MH_TIMESTAMP_MISSING", "the header %s is missing", r.timestampHeader)
		}
		at, text, ok := parseTimestamp(value)
		if !ok {
			return refuse("MH_TIMESTAMP_INVALID", "the header %s holds no time", r.timestampHeader)
		}
		if off := now.Sub(at); off.Abs() > r.tolerance {
			return refuse("MH_TIMESTAMP_STALE", "the request was signed %s %s; %s are tolerated",
				off.Abs().Round(time.Second), map[bool]string{true: "ago", false: "ahead of this clock"}[off > 0], r.tolerance)
		}
		stamp = text
	}
	id := ""
	if r.idHeader != "" {
		if id = header.Get(r.idHeader); id == "" {
			return refuse("MH_SIGNATURE_MISSING", "the header %s is missing", r.idHeader)
		}
	}
	signatures := r.signatures(given)
	if len(signatures) == 0 {
		return refuse("MH_SIGNATURE_MALFORMED", "the header %s holds no %s signature%s", r.header, r.encodingName(), r.prefixWords())
	}
	live := 0
	var outdated *signingSecret
	for i := range secrets {
		s := &secrets[i]
		isLive := s.live(now)
		if isLive {
			live++
		}
		if r.matches(s.value, signatures, body, stamp, id, url) {
			if isLive {
				return nil
			}
			outdated = s
		}
	}
	switch {
	case outdated != nil && !outdated.until.IsZero() && !now.Before(outdated.until):
		return refuse("MH_SIGNATURE_MISMATCH", "the body was signed with a secret that ended on %s", outdated.until.UTC().Format(time.RFC3339))
	case outdated != nil:
		return refuse("MH_SIGNATURE_MISMATCH", "the body was signed with a secret that begins on %s", outdated.from.UTC().Format(time.RFC3339))
	case live == 0:
		return refuse("MH_SECRET_NONE", "the endpoint has no live signing secret; add one with: meshhook endpoint secret add")
	}
	return refuse("MH_SIGNATURE_MISMATCH", "the signature in %s fits none of %d live secrets", r.header, live)
}

func (r *recipe) matches(secret []byte, signatures [][]byte, body []byte, stamp, id, url string) bool {
	if r.sum(secret, signatures, body, stamp, id, url) {
		return true
	}
	// Secrets of the Standard Webhooks kind are base64 after their prefix, and it is the bytes that sign.
	if encoded, ok := strings.CutPrefix(string(secret), "whsec_"); ok {
		if key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "=")); err == nil && len(key) > 0 {
			return r.sum(key, signatures, body, stamp, id, url)
		}
	}
	return false
}

func (r *recipe) sum(key []byte, signatures [][]byte, body []byte, stamp, id, url string) bool {
	if len(key) == 0 {
		return false
	}
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
	var buffer [sha512.Size]byte
	want := mac.Sum(buffer[:0])
	good := false
	for _, signature := range signatures {
		good = hmac.Equal(signature, want) || good
	}
	return good
}

// maxSignatures bounds what one header can make us compare.
const maxSignatures = 16

// signatures are the values in the header that could be the signature: the whole value, or one of a list separated by
// blanks or commas, which is how senders announce several during a rotation.
func (r *recipe) signatures(value string) [][]byte {
	var out [][]byte
	add := func(text string) {
		text, ok := strings.CutPrefix(strings.TrimSpace(text), r.prefix)
		if !ok || text == "" || len(out) >= maxSignatures {
			return
		}
		if signature, err := r.decode(text); err == nil && len(signature) > 0 {
			out = append(out, signature)
		}
	}
	if len(value) > 8<<10 {
		return nil
	}
	add(value)
	if strings.IndexByte(value, ' ') >= 0 {
		for text := range strings.FieldsSeq(value) {
			add(text)
		}
	}
	if strings.IndexByte(value, ',') >= 0 {
		for text := range strings.SplitSeq(value, ",") {
			add(text)
		}
	}
	return out
}

func (r *recipe) decode(text string) ([]byte, error) {
	if r.encoding == "base64" {
		text = strings.TrimRight(text, "=")
		if strings.ContainsAny(text, "-_") {
			return base64.RawURLEncoding.DecodeString(text)
		}
		return base64.RawStdEncoding.DecodeString(text)
	}
	return hex.DecodeString(text)
}

func (r *recipe) encodingName() string {
	if r.encoding == "base64" {
		return "base64"
	}
	return "hex"
}

func (r *recipe) prefixWords() string {
	if r.prefix == "" {
		return ""
	}
	return fmt.Sprintf(" after %q", r.prefix)
}

// parseTimestamp reads a time as senders give it: seconds or milliseconds since 1970, RFC 3339, or t=<seconds> in a list.
// text is what is signed.
func parseTimestamp(value string) (at time.Time, text string, ok bool) {
	if len(value) > 8<<10 {
		return at, "", false
	}
	text = strings.TrimSpace(value)
	if strings.IndexByte(text, '=') >= 0 {
		found := false
		for element := range strings.SplitSeq(text, ",") {
			if stamp, is := strings.CutPrefix(strings.TrimSpace(element), "t="); is {
				text, found = stamp, true
				break
			}
		}
		if !found {
			return at, "", false
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case n < 0 || n >= 1e15:
			return at, "", false
		case n >= 1e11:
			return time.UnixMilli(n), text, true
		}
		return time.Unix(n, 0), text, true
	}
	if len(text) > 64 {
		return at, "", false
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return at, text, err == nil
}
