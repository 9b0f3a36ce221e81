package signature

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// readForm makes the string that stands for a form: its fields sorted by name, each with its values, sorted and once. A body
// that is no form is signed by its hash in the query instead.
func (r *recipe) readForm(q *Request, m *material) *Refusal {
	if refused := once(q.Header, "content-type"); refused != nil {
		return refused
	}
	kind, _, _ := strings.Cut(q.Header.Get("Content-Type"), ";")
	if strings.ToLower(strings.TrimSpace(kind)) == "application/x-www-form-urlencoded" {
		fields, err := url.ParseQuery(string(q.Body))
		if err != nil {
			return refuse("MH_SIGNATURE_MALFORMED", "form_unreadable", "the body is no form that can be read")
		}
		var b strings.Builder
		for _, name := range sortedKeys(fields) {
			values := slices.Clone(fields[name])
			slices.Sort(values)
			for _, value := range slices.Compact(values) {
				b.WriteString(name)
				b.WriteString(value)
			}
		}
		m.form = b.String()
		return nil
	}
	if len(q.Body) == 0 {
		return nil
	}
	given := ""
	if u, err := url.Parse(q.URL); err == nil {
		given = u.Query().Get(r.bodyHashQuery)
	}
	if given == "" {
		return refuse("MH_BODY_HASH", "body_hash_missing", "the body is no form and the query has no %s", r.bodyHashQuery).with("parameter", r.bodyHashQuery)
	}
	want := hashHex(q.Body)
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(given)), []byte(want)) != 1 {
		return refuse("MH_BODY_HASH", "body_hash_mismatch", "the hash in %s is not that of the body", r.bodyHashQuery).
			with("parameter", r.bodyHashQuery).with("got_hash", strings.ToValidUTF8(given[:min(12, len(given))], "")).with("hash", want[:12])
	}
	return nil
}

func hashHex(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func sortedKeys(fields url.Values) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
