package worker

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// read takes in the answer, as much of the body as the node allows. An answer whose body is wrong is recorded together
// with the error: the status is a fact all the same.
func read(item *Item, out *outgoing, response *http.Response, result *Result, scrub *scrubber) error {
	defer response.Body.Close()
	body := io.Reader(response.Body)
	zipped := out.ownGzip && strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip")
	size := response.ContentLength
	if zipped {
		response.Header.Del("Content-Encoding")
		response.Header.Del("Content-Length")
		size = -1
	}
	result.Response = &Response{Status: response.StatusCode, Headers: flatten(response.Header)}
	if zipped && response.ContentLength != 0 {
		unzip, err := gzip.NewReader(body)
		if err == io.EOF { // no body at all: HEAD, 204, 304
			return nil
		}
		if err != nil {
			return bodyError(err)
		}
		defer unzip.Close()
		body = unzip
	}
	most := item.maxBytes()
	content, err := readUpTo(body, most+1, size)
	result.Bytes = int64(len(content))
	if int64(len(content)) > most {
		result.Body = scrub.cut(content[:most])
		return failf("too_large", "MH_CALL_TOO_LARGE", "the answer is larger than response.max_bytes (%d)", most)
	}
	result.Body = content
	if err != nil {
		result.Body = scrub.cut(content)
		return bodyError(err)
	}
	return nil
}

// readUpTo reads at most limit bytes. size is what the answer claims to hold, -1 when it does not say: it saves growing the
// buffer, and is not trusted beyond the limit.
func readUpTo(body io.Reader, limit, size int64) ([]byte, error) {
	var content bytes.Buffer
	if size > 0 {
		content.Grow(int(min(size, limit)) + bytes.MinRead)
	}
	_, err := content.ReadFrom(io.LimitReader(body, limit))
	return content.Bytes(), err
}

func bodyError(err error) error {
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), strings.HasPrefix(err.Error(), "flate: "):
		return failf("body", "MH_CALL_BODY_GZIP", "the answer says it is gzip, but does not unpack")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return failf("body", "MH_CALL_BODY_CUT", "the answer ended before all of its body had come")
	case strings.Contains(err.Error(), "chunk"), strings.Contains(err.Error(), "line too long"): // a line before a chunk
		return failf("body", "MH_CALL_BODY_CHUNKS", "the answer's chunked body is malformed")
	}
	return err
}

// flatten gives header names in lower case, several values of a name joined by a comma as HTTP allows.
func flatten(header http.Header) map[string]string {
	flat := make(map[string]string, len(header))
	for name, values := range header {
		value := values[0]
		if len(values) > 1 {
			value = strings.Join(values, ", ")
		}
		flat[strings.ToLower(name)] = cleanHeader(value)
	}
	return flat
}

func cleanHeader(value string) string {
	for i := range len(value) {
		if value[i] < ' ' || value[i] >= 0x7f {
			return strings.Map(func(r rune) rune {
				if r < ' ' && r != '\t' || r == 0x7f {
					return ' '
				}
				return r
			}, strings.ToValidUTF8(value, "\ufffd"))
		}
	}
	return value
}

// isText tells whether a body can be kept as text: PostgreSQL holds no NUL.
func isText(body []byte) bool {
	return utf8.Valid(body) && bytes.IndexByte(body, 0) < 0
}

// cut shortens a body that ends in the middle so that it ends with a whole character, and not with the beginning of a
// secret that the scrubber could not recognise.
func (s *scrubber) cut(content []byte) []byte {
	for again := true; again; {
		again = false
		for _, form := range s.forms {
			for n := min(len(form)-1, len(content)); n >= 2; n-- {
				if bytes.HasSuffix(content, form[:n]) {
					content, again = content[:len(content)-n], true
					break
				}
			}
		}
	}
	for back := 1; back < utf8.UTFMax && back <= len(content); back++ {
		if b := content[len(content)-back]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(content[len(content)-back:]) {
				return content[:len(content)-back]
			}
			break
		}
	}
	return content
}
