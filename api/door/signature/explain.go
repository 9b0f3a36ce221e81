package signature

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

func (r *recipe) explain(q *Request, secrets []Secret, now time.Time, refused *Refusal) {
	if strings.HasPrefix(refused.Cause, "MH_CREDENTIAL") {
		return // of a handshake, which has a word of its own
	}
	refused.with("algorithm", r.algorithmName()).with("encoding", r.encoding).with("header", orDefault(refused.Trace["header"], r.header))
	if r.prefix != "" {
		refused.with("prefix", r.prefix)
	}
	given := q.Header.Get(r.header)
	if given != "" && len(given) <= maxHeader {
		refused.with("got", r.maskGiven(given))
	}
	if refused.Cause == "MH_SIGNATURE_MALFORMED" && refused.Why() == "signature_unreadable" {
		r.malformed(given, refused)
		return
	}
	if refused.Cause != "MH_SIGNATURE_MISMATCH" && refused.Cause != "MH_SECRET_NONE" {
		return
	}
	m, problem := r.read(q, now)
	if problem != nil {
		return
	}
	refused.with("signed", r.describe(m))
	for i := range secrets {
		if keys, ok := secrets[i].key.([][]byte); ok && secrets[i].live(now) {
			refused.with("expected", r.prefix+mask(r.encode(r.mac(nil, keys[len(keys)-1], m))))
			break
		}
	}
	for i := range secrets {
		if s := &secrets[i]; !s.live(now) && r.fits(s.key, m) {
			outdated(s, now, refused)
			return
		}
	}
	if refused.Cause == "MH_SECRET_NONE" {
		return
	}
	if len(q.Body) > mostExplained {
		refused.with("unexplored", true)
		return
	}
	r.closer(q, m, secrets, now, refused)
}

func outdated(s *Secret, now time.Time, refused *Refusal) {
	refused.about(s)
	if !s.Until.IsZero() && !now.Before(s.Until) {
		refused.because("secret_expired", "the body was signed with a secret that ended on %s", s.Until.UTC().Format(time.RFC3339))
		return
	}
	refused.because("secret_not_yet", "the body was signed with a secret that begins on %s", s.From.UTC().Format(time.RFC3339))
}

// malformed tells what is wrong with a header that holds no signature, where that can be told.
func (r *recipe) malformed(given string, refused *Refusal) {
	text, ok := strings.CutPrefix(strings.TrimSpace(given), r.prefix)
	if !ok {
		name, _, is := strings.Cut(strings.TrimSpace(given), "=")
		if hashes[strings.ToLower(name)] != nil && is {
			refused.with("got_algorithm", strings.ToLower(name))
			refused.because("algorithm_other", "the header %s is by %s, the recipe says %s", r.header, strings.ToLower(name), r.algorithm)
			return
		}
		refused.because("prefix_missing", "the header %s holds nothing that begins with %q, as the recipe's prefix says", r.header, r.prefix)
		return
	}
	r.otherEncoding(text, refused)
}

// otherEncoding finds a signature of the right length in the other encoding.
func (r *recipe) otherEncoding(text string, refused *Refusal) bool {
	other := "base64"
	if r.encoding == "base64" {
		other = "hex"
	}
	sum, err := decode(other, strings.Trim(text, `"' `))
	if err != nil || r.kind == "hmac" && len(sum) != r.hash().Size() || r.kind == "ed25519" && len(sum) != 64 || r.kind == "ecdsa" && len(sum) < 64 {
		return false
	}
	refused.Cause = "MH_SIGNATURE_MALFORMED"
	refused.with("got_encoding", other)
	refused.because("encoding_other", "the header %s is %s, the recipe says %s", r.header, other, r.encoding)
	return true
}

// What a closer look at one refused request may cost at most, whatever somebody sends.
const (
	maxTries      = 300
	maxTriedBytes = 32 << 20
)

// closer tries what senders and what stands between them and us commonly get wrong, one thing at a time.
func (r *recipe) closer(q *Request, m *material, secrets []Secret, now time.Time, refused *Refusal) {
	// Hex can be read as base64, and a cut signature as a whole one; the length tells.
	if r.kind == "hmac" && !slices.ContainsFunc(m.signatures, func(s []byte) bool { return len(s) == r.hash().Size() }) {
		text := strings.TrimPrefix(strings.TrimSpace(m.given), r.prefix)
		if r.otherEncoding(text, refused) {
			return
		}
		if !r.otherAlgorithm(m, secrets, now, refused) {
			refused.with("got_bytes", len(m.signatures[0])).with("expected_bytes", r.hash().Size())
			refused.because("signature_length", "the signature in %s has %d bytes; %s makes %d", r.header, len(m.signatures[0]), r.algorithm, r.hash().Size())
		}
		return
	}
	tries := maxTries
	if len(m.body) > 0 {
		tries = min(tries, maxTriedBytes/len(m.body))
	}
	for _, v := range r.variants(q) {
		other, changed := *r, *m
		if !v.change(&other, &changed) {
			continue
		}
		for i := range secrets {
			s := &secrets[i]
			if !s.live(now) || s.key == nil {
				continue
			}
			if tries--; tries < 0 {
				refused.with("unexplored", true)
				return
			}
			if other.fits(s.key, &changed) {
				if v.detail != "" {
					refused.with("detail", v.detail)
				}
				refused.about(s).because(v.why, "%s", v.message)
				return
			}
		}
	}
	r.otherSecret(m, secrets, now, refused)
}

func (r *recipe) otherAlgorithm(m *material, secrets []Secret, now time.Time, refused *Refusal) bool {
	for name, hash := range hashes {
		if name == r.algorithm {
			continue
		}
		other := *r
		other.hash = hash
		for i := range secrets {
			if s := &secrets[i]; s.live(now) && other.fits(s.key, m) {
				refused.with("got_algorithm", name).about(s)
				refused.because("algorithm_other", "the signature in %s is by %s, the recipe says %s", r.header, name, r.algorithm)
				return true
			}
		}
	}
	return false
}

// otherSecret finds secrets that were copied with something too many, or used in another form.
func (r *recipe) otherSecret(m *material, secrets []Secret, now time.Time, refused *Refusal) {
	if r.kind != "hmac" {
		return
	}
	for i := range secrets {
		s := &secrets[i]
		if !s.live(now) || len(s.Value) == 0 {
			continue
		}
		text := string(s.Value)
		bare := strings.TrimPrefix(text, "whsec_")
		forms := []struct {
			why, message string
			key          []byte
		}{
			{"secret_whitespace", "the signature fits if blanks around the secret are removed", bytes.TrimSpace(s.Value)},
			{"secret_whitespace", "the signature fits if the secret ends with a newline", append(slices.Clone(s.Value), '\n')},
			{"secret_prefix_literal", "the signature fits if the secret is used without its prefix whsec_", []byte(bare)},
			{"secret_prefix_literal", "the signature fits if the secret is used as text, prefix and all", []byte("whsec_" + bare)},
			{"secret_decoded", "the signature fits if the secret is decoded from base64 first", decoded(decodeBase64(bare))},
			{"secret_decoded", "the signature fits if the secret is decoded from hex first", decoded(hex.DecodeString(bare))},
		}
		for _, form := range forms {
			if len(form.key) > 0 && !hmac.Equal(form.key, s.Value) && r.sum(form.key, m) {
				refused.about(s).because(form.why, "%s", form.message)
				return
			}
		}
	}
}

func decoded(key []byte, err error) []byte {
	if err != nil {
		return nil
	}
	return key
}

// describe is the string that is signed as a person may read it: the body by its length and hash, long values cut.
func (r *recipe) describe(m *material) string {
	var out strings.Builder
	for _, p := range r.signed {
		switch p.is {
		case "":
			out.WriteString(p.text)
		case "body":
			fmt.Fprintf(&out, "<body: %d bytes, sha256 %.12s>", len(m.body), hashHex(m.body))
		case "form":
			fmt.Fprintf(&out, "<form: %d bytes, sorted>", len(m.form))
		case "url":
			address, _, query := strings.Cut(m.url, "?")
			if at := strings.LastIndexByte(address, '/'); at >= 0 && len(address)-at > 9 {
				address = address[:at+5] + "***" // the token
			}
			if query {
				address += "?..."
			}
			out.WriteString(short(address, 200))
		default:
			out.WriteString(short(m.text(p), 100))
		}
	}
	return out.String()
}

func (r *recipe) encode(sum []byte) string {
	if r.encoding == "base64" {
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}

// maskGiven shows the beginning of what came as a signature.
func (r *recipe) maskGiven(given string) string {
	given = strings.TrimSpace(given)
	if at := strings.Index(given, r.prefix); at >= 0 && r.prefix != "" {
		rest := given[at+len(r.prefix):]
		return r.prefix + mask(rest)
	}
	if name, rest, ok := strings.Cut(given, "="); ok && len(name) <= 10 && rest != "" && rest != "=" {
		return short(name, 10) + "=" + mask(rest)
	}
	return mask(given)
}

func (r *recipe) algorithmName() string {
	if r.kind == "ed25519" {
		return "ed25519"
	}
	return r.kind + " " + r.algorithm
}

func orDefault(value any, otherwise string) any {
	if value == nil {
		return otherwise
	}
	return value
}

func (s *standard) explain(q *Request, secrets []Secret, now time.Time, refused *Refusal) {
	plain := s.recipe
	plain.kind = "hmac"
	if refused.Why() == "secret_unknown" || refused.Why() == "secret_none" {
		_, v1a, _ := s.readLists(q, now)
		if refused.Why() == "secret_unknown" && len(v1a) > 0 && !strings.Contains(" "+q.Header.Get(s.header), " v1,") {
			refused.with("header", s.header)
			refused.because("version_other", "the header %s holds v1a signatures alone; they are checked by a key that begins with whpk_", s.header)
			return
		}
		for i := range secrets {
			if one := &secrets[i]; !one.live(now) {
				if m, lists, problem := s.readLists(q, now); problem == nil && s.accepts(one, m, lists) {
					outdated(one, now, refused)
					return
				}
			}
		}
		// A secret as it is written, prefix and all, is a mistake of its own here.
		m, _, problem := s.readLists(q, now)
		if problem == nil {
			for i := range secrets {
				one := &secrets[i]
				if one.live(now) && (plain.sum(one.Value, m) || plain.sum(bytes.TrimPrefix(one.Value, []byte("whsec_")), m)) {
					refused.about(one).because("secret_prefix_literal", "the signature fits if the secret is used as text; it is base64 after whsec_, and its bytes sign")
				}
			}
			if refused.Why() == "secret_prefix_literal" {
				return
			}
		}
	}
	plain.explain(q, secrets, now, refused)
}
