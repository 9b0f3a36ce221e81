package signature

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
)

// variant is a guess at what the sender did instead.
type variant struct {
	why, message string
	change       func(r *recipe, m *material) bool // false: it makes no difference here
	detail       string
}

// variants are the guesses for a request: each is one thing that senders, or what stands between them and us, get wrong.
func (r *recipe) variants(q *Request) []variant {
	body := func(why, message string, change func([]byte) []byte) variant {
		return variant{why: why, message: message, change: func(_ *recipe, m *material) bool {
			changed := change(m.body)
			if changed == nil || bytes.Equal(changed, m.body) {
				return false
			}
			m.body = changed
			return true
		}}
	}
	address := func(why, message, detail string, change func(*url.URL)) variant {
		return variant{why: why, message: message, detail: detail, change: func(r *recipe, m *material) bool {
			u, err := url.Parse(m.url)
			if err != nil || !r.signsURL() {
				return false
			}
			change(u)
			was := m.url
			m.url = u.String()
			return m.url != was
		}}
	}
	list := []variant{
		body("newline_removed", "the signature matches if the trailing newline of the body is removed; sign the bytes as they are sent",
			func(b []byte) []byte { return orEmpty(bytes.TrimRight(b, "\r\n")) }),
		body("newline_added", "the signature matches if the body ends with a newline", func(b []byte) []byte { return append(slices.Clone(b), '\n') }),
		body("line_ends", "the signature matches if the line ends of the body are \\n alone", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }),
		body("line_ends", "the signature matches if the line ends of the body are \\r\\n", func(b []byte) []byte {
			return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		}),
		body("byte_order_mark", "the signature matches without the byte order mark of the body", func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) }),
		body("whitespace", "the signature matches if blanks around the body are removed", func(b []byte) []byte { return orEmpty(bytes.TrimSpace(b)) }),
		body("body_decompressed", "the signature matches the body decompressed: it was signed before it was compressed", gunzip),
		body("body_empty", "the signature is that of an empty body", func([]byte) []byte { return []byte{} }),
	}
	for _, encode := range reserialized {
		list = append(list, body("body_reencoded", "the signature matches the JSON of the body written in another way", encode))
	}
	if len(r.signed) > 1 || r.signed[0].is != "body" {
		list = append(list, variant{why: "body_alone", message: "the signature is that of the body alone", change: func(r *recipe, _ *material) bool {
			r.signed = []part{{is: "body"}}
			return true
		}})
	}
	list = append(list,
		address("url_other", "the signature is that of another URL: https instead of http", "with https", func(u *url.URL) { u.Scheme = "https" }),
		address("url_other", "the signature is that of another URL: http instead of https", "with http", func(u *url.URL) { u.Scheme = "http" }),
		address("url_other", "the signature is that of the URL without its query", "without the query", func(u *url.URL) { u.RawQuery = "" }),
		address("url_other", "the signature is that of the URL without its port", "without the port", func(u *url.URL) { u.Host = u.Hostname() }),
	)
	if host := q.Header.Get("X-Forwarded-Host"); host != "" && len(host) < 300 {
		list = append(list, address("url_other", "the signature is that of the URL that a proxy was called by", "https://"+host, func(u *url.URL) { u.Scheme, u.Host = "https", host }))
	}
	for name, hash := range hashes {
		if name != r.algorithm && r.kind != "ed25519" {
			list = append(list, variant{
				why: "algorithm_other", message: fmt.Sprintf("the signature in %s is by %s, the recipe says %s", r.header, name, r.algorithm),
				detail: name, change: func(r *recipe, _ *material) bool { r.hash = hash; return true },
			})
		}
	}
	return list
}

func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func gunzip(b []byte) []byte {
	reader, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(reader, 4*mostExplained))
	if err != nil {
		return nil
	}
	return out
}

// reserialized are the ways in which servers and proxies write JSON again.
var reserialized = []func([]byte) []byte{
	func(b []byte) []byte {
		var out bytes.Buffer
		if json.Compact(&out, b) != nil {
			return nil
		}
		return out.Bytes()
	},
	func(b []byte) []byte { return rewrite(b, false) },
	func(b []byte) []byte { return rewrite(b, true) },
	func(b []byte) []byte { return spaced(b) },
	func(b []byte) []byte { return spaced(rewrite(b, false)) },
	func(b []byte) []byte {
		var out bytes.Buffer
		if json.Indent(&out, b, "", "  ") != nil {
			return nil
		}
		return out.Bytes()
	},
}

// rewrite is the JSON with its keys sorted.
func rewrite(b []byte, escape bool) []byte {
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(escape)
	if encoder.Encode(value) != nil {
		return nil
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// spaced is compact JSON with a blank after each comma and colon.
func spaced(b []byte) []byte {
	var compact bytes.Buffer
	if json.Compact(&compact, b) != nil {
		return nil
	}
	out := make([]byte, 0, compact.Len()+compact.Len()/8)
	quoted, escaped := false, false
	for _, c := range compact.Bytes() {
		out = append(out, c)
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ':'):
			out = append(out, ' ')
		}
	}
	return out
}
