package signature

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Refusal is why a request does not enter.
type Refusal struct{ Cause, Message string }

func refuse(cause, format string, args ...any) *Refusal {
	return &Refusal{Cause: cause, Message: fmt.Sprintf(format, args...)}
}

// Secret is a secret with the time in which it counts.
type Secret struct {
	Value       []byte
	From, Until time.Time // zero: open
}

func (s *Secret) live(now time.Time) bool {
	return (s.From.IsZero() || !now.Before(s.From)) && (s.Until.IsZero() || now.Before(s.Until))
}

// Check tells whether the request carries a good signature: nil, or why not.
func (r *Recipe) Check(body []byte, header http.Header, url string, secrets []Secret, now time.Time) *Refusal {
	for _, name := range []string{r.Header, r.TimestampHeader, r.IDHeader} {
		// Of two values, somebody behind this door might believe the one that was not verified.
		if n := len(header.Values(name)); name != "" && n > 1 {
			return refuse("MH_HEADER_REPEATED", "the header %s came %d times; it must come once", name, n)
		}
	}
	given := header.Get(r.Header)
	if given == "" {
		return refuse("MH_SIGNATURE_MISSING", "the header %s is missing", r.Header)
	}
	stamp := ""
	if r.TimestampHeader != "" {
		value := header.Get(r.TimestampHeader)
		if value == "" {
			return refuse("MH_TIMESTAMP_MISSING", "the header %s is missing", r.TimestampHeader)
		}
		at, text, ok := parseTimestamp(value)
		if !ok {
			return refuse("MH_TIMESTAMP_INVALID", "the header %s holds no time", r.TimestampHeader)
		}
		switch off := now.Sub(at); {
		case off > r.tolerance:
			return refuse("MH_TIMESTAMP_STALE", "the request was signed %s ago; %s are tolerated", off.Round(time.Second), r.tolerance)
		case off < -r.tolerance:
			return refuse("MH_TIMESTAMP_FUTURE", "the request was signed %s ahead of this clock; %s are tolerated: compare the clocks",
				off.Abs().Round(time.Second), r.tolerance)
		}
		stamp = text
	}
	id := ""
	if r.IDHeader != "" {
		if id = header.Get(r.IDHeader); id == "" {
			return refuse("MH_SIGNATURE_MISSING", "the header %s is missing", r.IDHeader)
		}
	}
	signatures := r.signatures(given)
	if len(signatures) == 0 {
		if why := r.malformed(given); why != "" {
			return refuse("MH_SIGNATURE_MALFORMED", "%s", why)
		}
		return refuse("MH_SIGNATURE_MALFORMED", "the header %s holds no %s signature%s", r.Header, r.encodingName(), r.prefixWords())
	}
	live, empty := 0, 0
	var outdated *Secret
	for i := range secrets {
		s := &secrets[i]
		isLive := s.live(now)
		if isLive {
			live++
			if len(s.Value) == 0 || string(s.Value) == "whsec_" {
				empty++
			}
		}
		if r.matches(s.Value, signatures, body, stamp, id, url) {
			if isLive {
				return nil
			}
			outdated = s
		}
	}
	switch {
	case outdated != nil && !outdated.Until.IsZero() && !now.Before(outdated.Until):
		return refuse("MH_SIGNATURE_MISMATCH", "the body was signed with a secret that ended on %s", outdated.Until.UTC().Format(time.RFC3339))
	case outdated != nil:
		return refuse("MH_SIGNATURE_MISMATCH", "the body was signed with a secret that begins on %s", outdated.From.UTC().Format(time.RFC3339))
	case live == 0:
		return refuse("MH_SECRET_NONE", "the endpoint has no live signing secret; add one with: meshhook endpoint secret add")
	}
	if empty == live {
		return refuse("MH_SECRET_EMPTY", "the endpoint's signing secret is empty; add another with: meshhook endpoint secret add")
	}
	// Hex can be read as base64; only its length tells.
	if len(signatures) == 1 && len(signatures[0]) != r.hash().Size() && strings.HasPrefix(strings.TrimSpace(given), r.Prefix) {
		if why := r.malformed(given); why != "" {
			return refuse("MH_SIGNATURE_MALFORMED", "%s", why)
		}
	}
	// A body that was changed on its way at its end is a common mishap: say so, and still refuse.
	trimmed := bytes.TrimRight(body, "\r\n")
	for i := range secrets {
		s := &secrets[i]
		if !s.live(now) {
			continue
		}
		if len(trimmed) < len(body) && r.matches(s.Value, signatures, trimmed, stamp, id, url) {
			return refuse("MH_SIGNATURE_MISMATCH", "the signature matches if the trailing newline of the body is removed; sign the bytes as they are sent")
		}
	}
	return refuse("MH_SIGNATURE_MISMATCH", "the signature in %s fits none of %d live secrets", r.Header, live)
}

func (r *Recipe) matches(secret []byte, signatures [][]byte, body []byte, stamp, id, url string) bool {
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

func (r *Recipe) sum(key []byte, signatures [][]byte, body []byte, stamp, id, url string) bool {
	if len(key) == 0 {
		return false
	}
	var buffer [sha512.Size]byte
	want := r.mac(buffer[:0], key, body, stamp, id, url)
	good := false
	for _, signature := range signatures {
		good = hmac.Equal(signature, want) || good
	}
	return good
}

// malformed tells what is wrong with a header that holds no signature, where that can be told.
func (r *Recipe) malformed(value string) string {
	text, ok := strings.CutPrefix(strings.TrimSpace(value), r.Prefix)
	if !ok {
		return fmt.Sprintf("the header %s holds nothing that begins with %q, as the recipe's prefix says", r.Header, r.Prefix)
	}
	size := r.hash().Size()
	other := Recipe{encoding: "base64"}
	if r.encoding == "base64" {
		other.encoding = "hex"
	}
	if sum, err := other.decode(text); err == nil && len(sum) == size {
		return fmt.Sprintf("the header %s is %s, the recipe says %s", r.Header, other.encodingName(), r.encodingName())
	}
	return ""
}

// maxSignatures bounds what one header can make us compare.
const maxSignatures = 16

// signatures are the values in the header that could be the signature: the whole value, or one of a list separated by
// blanks or commas, which is how senders announce several during a rotation.
func (r *Recipe) signatures(value string) [][]byte {
	var out [][]byte
	add := func(text string) {
		text, ok := strings.CutPrefix(strings.TrimSpace(text), r.Prefix)
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

func (r *Recipe) decode(text string) ([]byte, error) {
	if r.encoding == "base64" {
		text = strings.TrimRight(text, "=")
		if strings.ContainsAny(text, "-_") {
			return base64.RawURLEncoding.DecodeString(text)
		}
		return base64.RawStdEncoding.DecodeString(text)
	}
	return hex.DecodeString(text)
}

func (r *Recipe) encodingName() string {
	if r.encoding == "base64" {
		return "base64"
	}
	return "hex"
}

func (r *Recipe) prefixWords() string {
	if r.Prefix == "" {
		return ""
	}
	return fmt.Sprintf(" after %q", r.Prefix)
}
