package signature

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"slices"
	"strings"
	"time"
)

// recipe is a signature over a string that a template makes of the request: an hmac, or one of a public key.
type recipe struct {
	kind, algorithm string
	hash            func() hash.Hash
	header          string // lower case, as all headers here
	encoding        string // hex or base64
	prefix          string
	signed          []part
	timestampHeader string
	timestampKey    string
	timestampField  string
	idHeader        string
	bodyHashQuery   string
	separator       string // of a list that we make
	tolerance       time.Duration
	seconds         bool // times come in seconds and in nothing else
}

// part of the string that is signed: text, or what stands for something of the request.
type part struct {
	text string
	is   string // "", body, timestamp, id, url, form
}

var hashes = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

func newRecipe(v Spec) (*recipe, *Refusal) {
	r := &recipe{
		kind: v.Kind, algorithm: v.Algorithm, header: strings.ToLower(v.Header), encoding: v.Encoding, prefix: v.Prefix,
		timestampHeader: strings.ToLower(v.TimestampHeader), timestampKey: v.TimestampKey, timestampField: v.TimestampField,
		idHeader: strings.ToLower(v.IDHeader), bodyHashQuery: v.BodyHashQuery, separator: v.Separator, tolerance: time.Duration(v.ToleranceMS) * time.Millisecond,
	}
	if r.algorithm == "" {
		r.algorithm = "sha256"
	}
	if r.hash = hashes[r.algorithm]; r.hash == nil {
		return nil, unusable("this door does not know the algorithm %q, so nothing enters", v.Algorithm)
	}
	switch r.encoding {
	case "hex", "base64":
	case "":
		r.encoding = "hex"
	default:
		return nil, unusable("this door does not know the encoding %q, so nothing enters", v.Encoding)
	}
	if r.tolerance <= 0 {
		r.tolerance = 5 * time.Minute
	}
	if r.timestampKey == "" {
		r.timestampKey = "t"
	}
	if r.separator == "" {
		r.separator = ","
	}
	if v.Signed == "" {
		v.Signed = "{body}"
	}
	r.signed = parseSigned(v.Signed)
	signsBody := false
	for _, p := range r.signed {
		// A form that is signed stands for the body only together with a hash of bodies that are no form.
		signsBody = signsBody || p.is == "body" || p.is == "form" && r.bodyHashQuery != "" && r.signsURL()
		if p.is == "timestamp" && r.timestampHeader == "" || p.is == "id" && r.idHeader == "" {
			return nil, unusable("the recipe signs the %s but names no header that brings it, so nothing enters", p.is)
		}
	}
	if r.header == "" || !signsBody {
		return nil, unusable("the recipe names no header or does not sign the body, so nothing enters")
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
		case "body", "timestamp", "id", "url", "form":
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

func (r *recipe) signsURL() bool {
	return slices.ContainsFunc(r.signed, func(p part) bool { return p.is == "url" })
}

func (r *recipe) signsForm() bool {
	return slices.ContainsFunc(r.signed, func(p part) bool { return p.is == "form" })
}

func (r *recipe) marks() Marks {
	return Marks{Header: r.header, Prefix: r.prefix, TimestampHeader: r.timestampHeader, IDHeader: r.idHeader}
}

func (r *recipe) prepare(s *Secret) {
	switch r.kind {
	case "ed25519":
		s.key, s.issue = publicEd25519(s.Value)
	case "ecdsa":
		s.key, s.issue = publicECDSA(s.Value)
	default:
		s.key, s.issue = macKeys(s.Value)
	}
}

// macKeys are the keys that a secret's value may stand for: itself, and what a whsec_ secret encodes.
func macKeys(value []byte) (any, string) {
	encoded, is := strings.CutPrefix(string(value), "whsec_")
	if len(value) == 0 || is && encoded == "" {
		return nil, "secret_empty"
	}
	keys := [][]byte{value}
	if is {
		if key, err := decodeBase64(encoded); err == nil && len(key) > 0 {
			keys = append(keys, key)
		}
	}
	return keys, ""
}

// material is what of a request goes into the string that is signed.
type material struct {
	body           []byte
	stamp, id, url string
	form           string
	signatures     [][]byte
	given          string // the header
	at             time.Time
}

func (r *recipe) check(_ context.Context, q *Request, secrets []Secret, now time.Time) *Refusal {
	m, refused := r.read(q, now)
	if refused != nil {
		return refused
	}
	for i := range secrets {
		if s := &secrets[i]; s.live(now) && r.fits(s.key, m) {
			return r.after(q, now)
		}
	}
	if refused := noSecret(secrets, now); refused != nil {
		return refused
	}
	return refuse("MH_SIGNATURE_MISMATCH", "secret_unknown", "the signature in %s fits no live secret", r.header)
}

// after is what is left to be checked of a request whose signature is good.
func (r *recipe) after(q *Request, now time.Time) *Refusal {
	if r.timestampField != "" {
		return inBody(q.Body, r.timestampField, now, r.tolerance)
	}
	return nil
}

// read takes out of a request what its signature is compared with, and refuses what can not be compared.
func (r *recipe) read(q *Request, now time.Time) (*material, *Refusal) {
	if refused := once(q.Header, r.header, r.timestampHeader, r.idHeader); refused != nil {
		return nil, refused
	}
	given, refused := credential(q.Header, r.header, "MH_SIGNATURE_MISSING", "MH_SIGNATURE_MALFORMED", maxHeader)
	if refused != nil {
		return nil, refused
	}
	m := &material{body: q.Body, given: given, url: q.URL}
	if r.timestampHeader != "" {
		value, refused := credential(q.Header, r.timestampHeader, "MH_TIMESTAMP_MISSING", "MH_TIMESTAMP_INVALID", maxHeader)
		if refused != nil {
			if refused.Why() != "header_too_long" {
				refused.with("why", "timestamp_missing")
			}
			return nil, refused
		}
		var ok bool
		if m.at, m.stamp, ok = parseTimestamp(value, r.timestampKey); !ok || r.seconds && !wholeSeconds(m.stamp) {
			if m.stamp == "" && r.timestampHeader == r.header {
				return nil, refuse("MH_TIMESTAMP_MISSING", "timestamp_missing", "the header %s holds no %s=", r.header, r.timestampKey).with("header", r.header)
			}
			return nil, unreadable(r.timestampHeader, m.stamp)
		}
		if refused := judge(m.at, now, r.tolerance, r.timestampHeader, m.stamp); refused != nil {
			return nil, refused
		}
	}
	if r.idHeader != "" {
		if m.id, refused = credential(q.Header, r.idHeader, "MH_SIGNATURE_MISSING", "MH_SIGNATURE_MALFORMED", maxHeader); refused != nil {
			if refused.Cause == "MH_SIGNATURE_MISSING" {
				refused.with("why", "id_missing")
			}
			return nil, refused
		}
	}
	if m.signatures = r.signatures(given); len(m.signatures) == 0 {
		return nil, refuse("MH_SIGNATURE_MALFORMED", "signature_unreadable", "the header %s holds no %s signature%s", r.header, r.encoding, r.prefixWords())
	}
	if r.signsForm() {
		if refused := r.readForm(q, m); refused != nil {
			return nil, refused
		}
	}
	return m, nil
}

// fits tells whether one of the signatures is that of the key over the material.
func (r *recipe) fits(key any, m *material) bool {
	switch key := key.(type) {
	case [][]byte:
		good := false
		for _, k := range key {
			good = r.sum(k, m) || good
		}
		return good
	case ed25519.PublicKey:
		message := r.message(m)
		for _, signature := range m.signatures[:min(len(m.signatures), maxPublic)] {
			if len(signature) == ed25519.SignatureSize && ed25519.Verify(key, message, signature) {
				return true
			}
		}
	case *ecdsa.PublicKey:
		digest := r.hash()
		digest.Write(r.message(m))
		sum := digest.Sum(nil)
		for _, signature := range m.signatures[:min(len(m.signatures), maxPublic)] {
			if ecdsa.VerifyASN1(key, sum, signature) {
				return true
			}
		}
	}
	return false
}

func (r *recipe) sum(key []byte, m *material) bool {
	if len(key) == 0 {
		return false
	}
	var buffer [sha512.Size]byte
	want := r.mac(buffer[:0], key, m)
	good := false
	for _, signature := range m.signatures {
		good = hmac.Equal(signature, want) || good
	}
	return good
}

// mac appends to out what the key makes of the string that is signed.
func (r *recipe) mac(out, key []byte, m *material) []byte {
	mac := hmac.New(r.hash, key)
	for _, p := range r.signed {
		if p.is == "body" {
			mac.Write(m.body)
		} else {
			mac.Write([]byte(m.text(p)))
		}
	}
	return mac.Sum(out)
}

func (r *recipe) message(m *material) []byte {
	var out []byte
	for _, p := range r.signed {
		if p.is == "body" {
			out = append(out, m.body...)
		} else {
			out = append(out, m.text(p)...)
		}
	}
	return out
}

func (m *material) text(p part) string {
	switch p.is {
	case "timestamp":
		return m.stamp
	case "id":
		return m.id
	case "url":
		return m.url
	case "form":
		return m.form
	}
	return p.text
}

// How many signatures of one header are compared: by an HMAC, which costs little, and by a public key.
const (
	maxSignatures = 16
	maxPublic     = 4
)

// signatures are the values in the header that could be the signature: the whole value, or one of a list separated by
// blanks, commas or semicolons, which is how senders announce several during a rotation.
func (r *recipe) signatures(value string) [][]byte {
	var out [][]byte
	add := func(text string) {
		text, ok := strings.CutPrefix(strings.TrimSpace(text), r.prefix)
		if !ok || text == "" || len(out) >= maxSignatures {
			return
		}
		if signature, err := decode(r.encoding, text); err == nil && len(signature) > 0 {
			out = append(out, signature)
		}
	}
	if len(value) > maxHeader {
		return nil
	}
	add(value)
	for _, separator := range []byte(" ,;") {
		if strings.IndexByte(value, separator) >= 0 {
			for text := range strings.SplitSeq(value, string(separator)) {
				add(text)
			}
		}
	}
	return out
}

func decode(encoding, text string) ([]byte, error) {
	if encoding == "base64" {
		return decodeBase64(text)
	}
	return hex.DecodeString(text)
}

// decodeBase64 reads the usual and the URL alphabet, padded or not.
func decodeBase64(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	if strings.ContainsAny(text, "-_") {
		return base64.RawURLEncoding.DecodeString(text)
	}
	return base64.RawStdEncoding.DecodeString(text)
}

func (r *recipe) prefixWords() string {
	if r.prefix == "" {
		return ""
	}
	return ` after "` + r.prefix + `"`
}

// requestHeader is a header map's own spelling, for those that are set.
func requestHeader(q *Request) http.Header {
	if q.Header == nil {
		q.Header = http.Header{}
	}
	return q.Header
}
