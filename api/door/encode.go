package door

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/profullstack/meshhook/api/door/signature"
)

const hexDigits = "0123456789abcdef"

// appendString appends text as a JSON string that PostgreSQL can hold: what is not UTF-8, and NUL, becomes U+FFFD.
func appendString(out []byte, text string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); {
		b := text[i]
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				out = append(out, text[start:i]...)
				out = append(out, "\ufffd"...)
				i++
				start = i
				continue
			}
			i += size
			continue
		}
		if b >= ' ' && b != '"' && b != '\\' {
			i++
			continue
		}
		out = append(out, text[start:i]...)
		switch b {
		case '"', '\\':
			out = append(out, '\\', b)
		case 0:
			out = append(out, "\ufffd"...)
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
		}
		i++
		start = i
	}
	out = append(out, text[start:]...)
	return append(out, '"')
}

func appendField(out []byte, name, value string) []byte {
	out = append(out, ',')
	out = appendString(out, name)
	out = append(out, ':')
	return appendString(out, value)
}

// judgement is what the door itself decided about a request; all of it is nil for one that may enter.
type judgement struct {
	refusal  *signature.Refusal
	greeting *greeting
	evidence []byte // of a refused request: what its verification read, sealed
}

// encodeItem makes the item that meshhook_engine.accept takes.
func encodeItem(ep *endpoint, r *http.Request, remote string, j judgement) json.RawMessage {
	out := make([]byte, 0, 512)
	out = append(out, `{"endpoint":"`...)
	out = append(out, ep.id...)
	out = append(out, '"')
	out = appendField(out, "method", r.Method)
	out = appendField(out, "path", r.URL.Path)
	out = appendField(out, "remote", remote)
	out = append(out, `,"headers":`...)
	out = appendHeaders(out, r, ep)
	if r.URL.RawQuery != "" {
		out = append(out, `,"query":`...)
		out = appendQuery(out, r.URL.RawQuery, ep.marks())
	}
	switch {
	case j.refusal != nil:
		out = append(out, `,"verdict":"rejected"`...)
		out = appendField(out, "cause", j.refusal.Cause)
		out = appendField(out, "message", j.refusal.Message)
		out = append(out, `,"trace":`...)
		out = append(out, encodeTrace(j.refusal.Trace)...)
		if j.evidence != nil {
			out = appendField(out, "evidence", base64.StdEncoding.EncodeToString(j.evidence))
		}
	case j.greeting != nil:
		out = append(out, `,"verdict":"ignored","cause":"MH_HANDSHAKE"`...)
		out = appendField(out, "message", j.greeting.message)
	}
	return append(out, '}')
}

// encodeTrace makes JSON that PostgreSQL can hold.
func encodeTrace(trace map[string]any) []byte {
	out, err := json.Marshal(trace)
	if err != nil {
		return []byte("{}")
	}
	return bytes.ReplaceAll(out, []byte(`\u0000`), []byte(`\ufffd`))
}

func appendHeaders(out []byte, r *http.Request, ep *endpoint) []byte {
	out = append(out, '{')
	first := true
	add := func(name, value string) {
		if !first {
			out = append(out, ',')
		}
		first = false
		out = appendString(out, name)
		out = append(out, ':')
		out = appendString(out, value)
	}
	if r.Host != "" {
		add("host", r.Host)
	}
	for name, values := range r.Header {
		value := values[0]
		if len(values) > 1 {
			value = strings.Join(values, ", ")
		}
		name = strings.ToLower(name)
		add(name, mask(name, value, ep.marks()))
	}
	return append(out, '}')
}

// appendQuery keeps a name that comes once as a string, and one that comes several times as an array.
func appendQuery(out []byte, raw string, marks *signature.Marks) []byte {
	values, _ := url.ParseQuery(raw) // what can not be parsed is left out; the path keeps no query
	out = append(out, '{')
	first := true
	for name, list := range values {
		if !first {
			out = append(out, ',')
		}
		first = false
		if sensitiveQuery[name] || marks != nil && marks.Query == name {
			for i, value := range list {
				list[i] = shorten(value)
			}
		}
		out = appendString(out, name)
		out = append(out, ':')
		if len(list) == 1 {
			out = appendString(out, list[0])
			continue
		}
		out = append(out, '[')
		for i, value := range list {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendString(out, value)
		}
		out = append(out, ']')
	}
	return append(out, '}')
}
