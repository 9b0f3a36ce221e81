package door

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/api/door/signature"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMask(t *testing.T) {
	r := &signature.Marks{Header: "x-sig", Prefix: "sha256="}
	for _, c := range [][3]string{
		{"content-type", "application/json", "application/json"},
		{"authorization", "Bearer abcdefghijklmnopqrstuvwxyz", "Bearer abcdef***"},
		{"authorization", "abcdefgh", "ab***"},
		{"cookie", "session=abcdefghijklmnopqrstuvwxyz", "sessio***"},
		{"x-api-key", "abc", "***"},
		{"x-acme-signature", "0123456789abcdef0123456789abcdef", "012345***"},
		{"x-shop-token", "0123456789abcdef", "0123***"},
		{"x-sig", "sha256=0123456789abcdef0123456789abcdef", "sha256=012345***"},
	} {
		if got := mask(c[0], c[1], r); got != c[2] {
			t.Errorf("%s: %s became %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestMaskQuery(t *testing.T) {
	got := string(appendQuery(nil, "key=0123456789abcdef0123456789abcdef&hub.verify_token=abcdefghijkl", &signature.Marks{Query: "key"}))
	if strings.Contains(got, "89abcdef") || strings.Contains(got, "ghijkl") || !strings.Contains(got, `"key":"012345***"`) {
		t.Error(got)
	}
	if got := string(appendQuery(nil, "other=0123456789abcdef", &signature.Marks{Query: "key"})); got != `{"other":"0123456789abcdef"}` {
		t.Error(got)
	}
	if got := string(appendQuery(nil, "key=1", nil)); got != `{"key":"1"}` {
		t.Error(got)
	}
}

// A trace is kept whatever stands in it.
func TestEncodeTrace(t *testing.T) {
	out := encodeTrace(map[string]any{"got": "a\x00b\\u0000c\xff", "n": 1})
	var back map[string]any
	if err := json.Unmarshal(out, &back); err != nil || !utf8.Valid(out) || strings.ContainsRune(back["got"].(string), 0) || strings.Contains(string(out), `\u0000`) {
		t.Errorf("%s: %v", out, err)
	}
}

func TestLinks(t *testing.T) {
	run := uuid.New()
	link := signLink([]byte("key"), run, noon)
	if got, ok := openLink([]byte("key"), link, noon.Add(23*time.Hour)); !ok || got != run {
		t.Errorf("%v %v", got, ok)
	}
	if _, ok := openLink([]byte("key"), link, noon.Add(25*time.Hour)); ok {
		t.Error("an expired link opened")
	}
	if _, ok := openLink([]byte("other"), link, noon); ok {
		t.Error("a link of another key opened")
	}
	for i := range link {
		changed := []byte(link)
		changed[i] ^= 1
		if _, ok := openLink([]byte("key"), string(changed), noon); ok {
			t.Errorf("a link changed at %d opened", i)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("authorization", "Bearer 0123456789", "v1=")
	f.Add("x-sig", "v1=ab", "v1=")
	f.Fuzz(func(t *testing.T, name, value, prefix string) {
		name = strings.ToLower(name)
		r := &signature.Marks{Header: "x-sig", Prefix: prefix}
		masked := mask(name, value, r)
		if sensitive[name] && len(value) > 40 && strings.Contains(masked, value[len(value)-20:]) && !strings.Contains(value[:len(value)-20], value[len(value)-20:]) {
			t.Errorf("%s: %q became %q", name, value, masked)
		}
		// Whatever comes, the item stays JSON that PostgreSQL can hold.
		out := appendString(nil, masked)
		var back string
		if err := json.Unmarshal(out, &back); err != nil || !utf8.Valid(out) || strings.ContainsRune(back, 0) {
			t.Errorf("%q became %q: %v", masked, out, err)
		}
	})
}

func FuzzLink(f *testing.F) {
	good := signLink([]byte("key"), uuid.Nil, noon)
	f.Add(good)
	f.Add(good[:40])
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok := openLink([]byte("key"), text, noon); ok && text != good {
			t.Errorf("%q was made without the key, and opened", text)
		}
	})
}
