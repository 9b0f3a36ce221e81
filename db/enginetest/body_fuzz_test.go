//go:build unix

package enginetest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db/dbtest"
)

// FuzzBody takes bodies of any kind and content type apart: whatever comes, the answer is a value or an error with a code,
// and a multipart form that Go's reader understands too has the same fields.
func FuzzBody(f *testing.F) {
	conn, err := pgx.Connect(f.Context(), dbtest.URL(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { conn.Close(context.Background()) })
	must(f, conn, "set statement_timeout = '10s'")
	form := "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--B--\r\n"
	for _, seed := range []struct{ kind, body string }{
		{"application/json", `{"a": [1, 2.5e400, "\u00fc"]}`},
		{"application/json", `{"a": "\u0000"}`},
		{"application/json", strings.Repeat("[", 20_000)},
		{"application/json", "1e999999"},
		{"application/vnd.x+json; charset=utf-8", "\xff"},
		{"application/x-www-form-urlencoded", "a=1&a=%zz&b=%00&=&&c"},
		{"application/x-www-form-urlencoded", strings.Repeat("a=1&", 2000)},
		{"multipart/form-data; boundary=B", form},
		{"multipart/form-data; boundary=\"B\"", form[:60]},
		{"multipart/form-data", form},
		{"multipart/form-data; boundary=B", "--B--"},
		{"text/plain", "\xf0\x9f"},
		{"application/xml", "<a>"},
		{"", "{}"},
		{"", "\x00"},
		{"image/png", "\x89PNG"},
		{"; ;", "x"},
		{"TEXT/HTML;x", "y"},
	} {
		f.Add(seed.kind, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if !utf8.ValidString(kind) || strings.ContainsRune(kind, 0) || len(kind) > 1000 || len(body) > 200_000 {
			t.Skip() // the door's header values are text
		}
		answer := get[[]byte](t, conn, "select meshhook_engine.try_body($1, $2)", kind, body)
		var got struct {
			Body  *json.RawMessage `json:"body"`
			Error *struct {
				Code string `json:"code"`
			} `json:"error"`
		}
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
		switch {
		case got.Error != nil && !strings.HasPrefix(got.Error.Code, "MH_"), got.Error != nil && got.Error.Code == "MH_INTERNAL":
			t.Fatalf("%s", answer)
		case got.Error == nil && got.Body == nil && !bytes.Contains(answer, []byte(`"body": null`)):
			t.Fatalf("neither body nor error: %s", answer)
		case got.Error != nil || got.Body == nil || len(body) == 0:
			return
		}
		media, params, err := mime.ParseMediaType(kind)
		if err != nil || media != "multipart/form-data" {
			return
		}
		names, ok := namesOf(body, params["boundary"])
		if !ok {
			return
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(*got.Body, &fields); err != nil {
			t.Fatalf("a form is no object: %s", answer)
		}
		for _, name := range names {
			if _, found := fields[name]; !found {
				t.Fatalf("field %q is missing in %s", name, answer)
			}
		}
	})
}

// namesOf are the fields of a form as Go's reader understands it.
func namesOf(body []byte, boundary string) (names []string, ok bool) {
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			return names, true
		}
		if err != nil {
			return nil, false
		}
		if _, err := io.Copy(io.Discard, part); err != nil {
			return nil, false
		}
		name := part.FormName()
		if name == "" || !utf8.ValidString(name) || strings.ContainsAny(name, "\x00\\") {
			return nil, false
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
}
