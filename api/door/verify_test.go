package door

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func mac(h func() hash.Hash, key, text string) []byte {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestVerifyHMAC(t *testing.T) {
	const body, key = `{"a": 1}` + "\n", "the secret"
	stamp := strconv.FormatInt(noon.Unix(), 10)
	live := []signingSecret{{value: []byte(key)}}
	hexOf := func(text string) string { return hex.EncodeToString(mac(sha256.New, key, text)) }
	raw := []byte("0123456789abcdef")
	standard := `{"kind":"hmac","header":"webhook-signature","encoding":"base64","prefix":"v1,","signed":"{id}.{timestamp}.{body}","id_header":"webhook-id","timestamp_header":"webhook-timestamp","tolerance_ms":300000}`
	standardSignature := "v1," + base64.StdEncoding.EncodeToString(mac(sha256.New, string(raw), "msg_1."+stamp+"."+body))
	whsec := []signingSecret{{value: []byte("whsec_" + base64.StdEncoding.EncodeToString(raw))}}
	stripe := `{"kind":"hmac","header":"stripe-signature","prefix":"v1=","signed":"{timestamp}.{body}","timestamp_header":"stripe-signature"}`
	plain := `{"kind":"hmac","header":"X-Sig"}`
	for _, c := range []struct {
		name, recipe string
		header       http.Header
		secrets      []signingSecret
		cause        string
	}{
		{"hex sha256", plain, headers("X-Sig", hexOf(body)), live, ""},
		{"upper case hex", plain, headers("X-Sig", strings.ToUpper(hexOf(body))), live, ""},
		{"sha1", `{"kind":"hmac","algorithm":"sha1","header":"x-sig","prefix":"sha1="}`, headers("X-Sig", "sha1="+hex.EncodeToString(mac(sha1.New, key, body))), live, ""},
		{"sha512 base64", `{"kind":"hmac","algorithm":"sha512","header":"x-sig","encoding":"base64"}`, headers("X-Sig", base64.StdEncoding.EncodeToString(mac(sha512.New, key, body))), live, ""},
		{"prefix", `{"kind":"hmac","header":"x-hub-signature-256","prefix":"sha256="}`, headers("X-Hub-Signature-256", "sha256="+hexOf(body)), live, ""},
		{"prefix missing", `{"kind":"hmac","header":"x-sig","prefix":"sha256="}`, headers("X-Sig", hexOf(body)), live, "MH_SIGNATURE_MALFORMED"},
		{"url", `{"kind":"hmac","header":"x-sig","signed":"{url}|{body}"}`, headers("X-Sig", hexOf("https://h/hooks/t?a=1|"+body)), live, ""},
		{"standard webhooks", standard, headers("Webhook-Id", "msg_1", "Webhook-Timestamp", stamp, "Webhook-Signature", standardSignature), whsec, ""},
		{"standard webhooks, two signatures", standard, headers("Webhook-Id", "msg_1", "Webhook-Timestamp", stamp, "Webhook-Signature", "v1,AAAA "+standardSignature), whsec, ""},
		{"standard webhooks, another id", standard, headers("Webhook-Id", "msg_2", "Webhook-Timestamp", stamp, "Webhook-Signature", standardSignature), whsec, "MH_SIGNATURE_MISMATCH"},
		{"standard webhooks, no id", standard, headers("Webhook-Timestamp", stamp, "Webhook-Signature", standardSignature), whsec, "MH_SIGNATURE_MISSING"},
		{"list in one header", stripe, headers("Stripe-Signature", "t="+stamp+",v1=00ff,v1="+hexOf(stamp+"."+body)+",v0=11"), live, ""},
		{"missing", plain, headers(), live, "MH_SIGNATURE_MISSING"},
		{"empty", plain, headers("X-Sig", ""), live, "MH_SIGNATURE_MISSING"},
		{"not hex", plain, headers("X-Sig", "zz"), live, "MH_SIGNATURE_MALFORMED"},
		{"base64 instead of hex", plain, headers("X-Sig", base64.StdEncoding.EncodeToString(mac(sha256.New, key, body))), live, "MH_SIGNATURE_MALFORMED"},
		{"shortened", plain, headers("X-Sig", hexOf(body)[:32]), live, "MH_SIGNATURE_MISMATCH"},
		{"other body", plain, headers("X-Sig", hexOf(strings.TrimSpace(body))), live, "MH_SIGNATURE_MISMATCH"},
		{"no secret", plain, headers("X-Sig", hexOf(body)), nil, "MH_SECRET_NONE"},
		{"empty secret", plain, headers("X-Sig", hex.EncodeToString(mac(sha256.New, "", body))), []signingSecret{{}}, "MH_SIGNATURE_MISMATCH"},
		{"empty whsec", plain, headers("X-Sig", hex.EncodeToString(mac(sha256.New, "", body))), []signingSecret{{value: []byte("whsec_")}}, "MH_SIGNATURE_MISMATCH"},
		{"second of two", plain, headers("X-Sig", hexOf(body)), []signingSecret{{value: []byte("new")}, {value: []byte(key), until: noon.Add(time.Hour)}}, ""},
		{"ended", plain, headers("X-Sig", hexOf(body)), []signingSecret{{value: []byte("new")}, {value: []byte(key), until: noon}}, "MH_SIGNATURE_MISMATCH"},
		{"not begun", plain, headers("X-Sig", hexOf(body)), []signingSecret{{value: []byte(key), from: noon.Add(time.Second)}}, "MH_SIGNATURE_MISMATCH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, broken := parseRecipe(json.RawMessage(c.recipe))
			if broken != nil {
				t.Fatal(broken)
			}
			cause := ""
			if got := r.check([]byte(body), c.header, "https://h/hooks/t?a=1", c.secrets, noon); got != nil {
				if cause = got.cause; got.message == "" || strings.Contains(got.message, "%!") {
					t.Errorf("message %q", got.message)
				}
			}
			if cause != c.cause {
				t.Errorf("got %q, want %q", cause, c.cause)
			}
		})
	}
}

func TestVerifyTimestamps(t *testing.T) {
	r, _ := parseRecipe(json.RawMessage(`{"kind":"hmac","header":"x-sig","signed":"{timestamp}:{body}","timestamp_header":"x-time","tolerance_ms":60000}`))
	at := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	for value, cause := range map[string]string{
		at(0): "", at(-60 * time.Second): "", at(60 * time.Second): "", at(-61 * time.Second): "MH_TIMESTAMP_STALE", at(61 * time.Second): "MH_TIMESTAMP_STALE",
		strconv.FormatInt(noon.UnixMilli(), 10): "", noon.Format(time.RFC3339): "", noon.Add(-2 * time.Minute).Format(time.RFC3339): "MH_TIMESTAMP_STALE",
		"": "MH_TIMESTAMP_MISSING", "soon": "MH_TIMESTAMP_INVALID", "-1": "MH_TIMESTAMP_INVALID", "99999999999999999999": "MH_TIMESTAMP_INVALID",
		"1e9": "MH_TIMESTAMP_INVALID", "0": "MH_TIMESTAMP_STALE", strings.Repeat("9", 9000): "MH_TIMESTAMP_INVALID",
	} {
		h := headers("X-Time", value, "X-Sig", hex.EncodeToString(mac(sha256.New, "k", value+":b")))
		got := ""
		if refused := r.check([]byte("b"), h, "", []signingSecret{{value: []byte("k")}}, noon); refused != nil {
			got = refused.cause
		}
		if got != cause {
			t.Errorf("%.40q: %q, want %q", value, got, cause)
		}
	}
}

// What cannot be verified does not enter: only "none", by name, verifies nothing.
func TestVerifyFailsClosed(t *testing.T) {
	for _, raw := range []string{
		`null`, `{}`, `[]`, `"none"`, `{"kind":""}`, `{"kind":"None"}`, `{"kind":"github"}`, `{"kind":"hmac"}`, `{"kind":"hmac","header":"x","algorithm":"md5"}`,
		`{"kind":"hmac","header":"x","signed":"{timestamp}"}`, `{"kind":"hmac","header":"x","signed":"constant"}`, `{"kind":"hmac","header":"x","signed":"{id}{body}"}`,
	} {
		if r, broken := parseRecipe(json.RawMessage(raw)); r != nil || broken == nil {
			t.Errorf("%s was taken as %v", raw, r)
		}
	}
	if r, broken := parseRecipe(json.RawMessage(`{"kind":"none"}`)); r != nil || broken != nil {
		t.Errorf("none: %v %v", r, broken)
	}
}

func TestMask(t *testing.T) {
	r, _ := parseRecipe(json.RawMessage(`{"kind":"hmac","header":"x-sig","prefix":"sha256="}`))
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

func FuzzVerify(f *testing.F) {
	f.Add("t=1772366400,v1=00ff", "1772366400", "v1=", "base64", []byte("{}"))
	f.Add("sha256=abc", "2026-03-01T12:00:00Z", "sha256=", "hex", []byte(""))
	f.Add("v1,AAAA v1,BBBB", "t=", "v1,", "base64", []byte("\x00"))
	f.Fuzz(func(t *testing.T, signature, stamp, prefix, encoding string, body []byte) {
		r := &recipe{
			hash: sha256.New, header: "x-sig", encoding: encoding, prefix: prefix, signed: []part{{is: "timestamp"}, {text: "."}, {is: "body"}},
			timestampHeader: "x-time", tolerance: time.Hour,
		}
		secrets := []signingSecret{{value: []byte("a secret that nobody guesses")}}
		if r.check(body, headers("X-Sig", signature, "X-Time", stamp), "", secrets, noon) == nil {
			t.Errorf("%q at %q entered", signature, stamp)
		}
		if n := len(r.signatures(signature)); n > maxSignatures {
			t.Errorf("%d signatures", n)
		}
		if at, _, ok := parseTimestamp(stamp); ok && at.Year() > 40_000 {
			t.Errorf("%q is the year %d", stamp, at.Year())
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add("authorization", "Bearer 0123456789", "v1=")
	f.Add("x-sig", "v1=ab", "v1=")
	f.Fuzz(func(t *testing.T, name, value, prefix string) {
		name = strings.ToLower(name)
		r := &recipe{header: "x-sig", prefix: prefix}
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
