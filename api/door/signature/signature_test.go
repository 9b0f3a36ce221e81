package signature

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
	live := []Secret{{Value: []byte(key)}}
	hexOf := func(text string) string { return hex.EncodeToString(mac(sha256.New, key, text)) }
	raw := []byte("0123456789abcdef")
	standard := `{"kind":"hmac","header":"webhook-signature","encoding":"base64","prefix":"v1,","signed":"{id}.{timestamp}.{body}","id_header":"webhook-id","timestamp_header":"webhook-timestamp","tolerance_ms":300000}`
	standardSignature := "v1," + base64.StdEncoding.EncodeToString(mac(sha256.New, string(raw), "msg_1."+stamp+"."+body))
	whsec := []Secret{{Value: []byte("whsec_" + base64.StdEncoding.EncodeToString(raw))}}
	stripe := `{"kind":"hmac","header":"stripe-signature","prefix":"v1=","signed":"{timestamp}.{body}","timestamp_header":"stripe-signature"}`
	plain := `{"kind":"hmac","header":"X-Sig"}`
	for _, c := range []struct {
		name, recipe string
		header       http.Header
		secrets      []Secret
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
		{"repeated", plain, headers("X-Sig", hexOf(body), "X-Sig", hexOf(body)), live, "MH_HEADER_REPEATED"},
		{"time repeated", stripe, headers("Stripe-Signature", "t="+stamp, "Stripe-Signature", "v1="+hexOf(stamp+"."+body)), live, "MH_HEADER_REPEATED"},
		{"one good among ten", stripe, headers("Stripe-Signature", "t="+stamp+strings.Repeat(",v1="+hexOf("x"), 10)+",v1="+hexOf(stamp+"."+body)), live, ""},
		{"missing", plain, headers(), live, "MH_SIGNATURE_MISSING"},
		{"empty", plain, headers("X-Sig", ""), live, "MH_SIGNATURE_MISSING"},
		{"not hex", plain, headers("X-Sig", "zz"), live, "MH_SIGNATURE_MALFORMED"},
		{"base64 instead of hex", plain, headers("X-Sig", base64.StdEncoding.EncodeToString(mac(sha256.New, key, body))), live, "MH_SIGNATURE_MALFORMED"},
		{"shortened", plain, headers("X-Sig", hexOf(body)[:32]), live, "MH_SIGNATURE_MISMATCH"},
		{"other body", plain, headers("X-Sig", hexOf(strings.TrimSpace(body))), live, "MH_SIGNATURE_MISMATCH"},
		{"no secret", plain, headers("X-Sig", hexOf(body)), nil, "MH_SECRET_NONE"},
		{"empty secret", plain, headers("X-Sig", hex.EncodeToString(mac(sha256.New, "", body))), []Secret{{}}, "MH_SECRET_EMPTY"},
		{"empty whsec", plain, headers("X-Sig", hex.EncodeToString(mac(sha256.New, "", body))), []Secret{{Value: []byte("whsec_")}}, "MH_SECRET_EMPTY"},
		{"second of two", plain, headers("X-Sig", hexOf(body)), []Secret{{Value: []byte("new")}, {Value: []byte(key), Until: noon.Add(time.Hour)}}, ""},
		{"ended", plain, headers("X-Sig", hexOf(body)), []Secret{{Value: []byte("new")}, {Value: []byte(key), Until: noon}}, "MH_SIGNATURE_MISMATCH"},
		{"not begun", plain, headers("X-Sig", hexOf(body)), []Secret{{Value: []byte(key), From: noon.Add(time.Second)}}, "MH_SIGNATURE_MISMATCH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, broken := Parse(json.RawMessage(c.recipe))
			if broken != nil {
				t.Fatal(broken)
			}
			cause := ""
			if got := r.Check([]byte(body), c.header, "https://h/hooks/t?a=1", c.secrets, noon); got != nil {
				if cause = got.Cause; got.Message == "" || strings.Contains(got.Message, "%!") {
					t.Errorf("message %q", got.Message)
				}
			}
			if cause != c.cause {
				t.Errorf("got %q, want %q", cause, c.cause)
			}
		})
	}
}

func TestVerifyTimestamps(t *testing.T) {
	r, _ := Parse(json.RawMessage(`{"kind":"hmac","header":"x-sig","signed":"{timestamp}:{body}","timestamp_header":"x-time","tolerance_ms":60000}`))
	at := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	for value, cause := range map[string]string{
		at(0): "", at(-60 * time.Second): "", at(60 * time.Second): "", at(-61 * time.Second): "MH_TIMESTAMP_STALE", at(61 * time.Second): "MH_TIMESTAMP_FUTURE",
		strconv.FormatInt(noon.UnixMilli(), 10): "", noon.Format(time.RFC3339): "", noon.Add(-2 * time.Minute).Format(time.RFC3339): "MH_TIMESTAMP_STALE",
		"": "MH_TIMESTAMP_MISSING", "soon": "MH_TIMESTAMP_INVALID", "-1": "MH_TIMESTAMP_INVALID", "99999999999999999999": "MH_TIMESTAMP_INVALID",
		"1e9": "MH_TIMESTAMP_INVALID", "0": "MH_TIMESTAMP_STALE", strings.Repeat("9", 9000): "MH_TIMESTAMP_INVALID",
	} {
		h := headers("X-Time", value, "X-Sig", hex.EncodeToString(mac(sha256.New, "k", value+":b")))
		got := ""
		if refused := r.Check([]byte("b"), h, "", []Secret{{Value: []byte("k")}}, noon); refused != nil {
			got = refused.Cause
		}
		if got != cause {
			t.Errorf("%.40q: %q, want %q", value, got, cause)
		}
	}
}

// What cannot be verified does not enter: only "none", by name, verifies nothing.
func TestVerifyFailsClosed(t *testing.T) {
	for _, raw := range []string{
		`null`, `{}`, `[]`, `"none"`, `{"kind":""}`, `{"kind":"None"}`, `{"kind":"github"}`, `{"kind":"hmac"}`, `{"kind":"hmac","header":"x","algorithm":"md5"}`, `{"kind":"hmac","header":"x","encoding":"base85"}`,
		`{"kind":"hmac","header":"x","signed":"{timestamp}"}`, `{"kind":"hmac","header":"x","signed":"constant"}`, `{"kind":"hmac","header":"x","signed":"{id}{body}"}`,
	} {
		if r, broken := Parse(json.RawMessage(raw)); r != nil || broken == nil {
			t.Errorf("%s was taken as %v", raw, r)
		}
	}
	if r, broken := Parse(json.RawMessage(`{"kind":"none"}`)); r != nil || broken != nil {
		t.Errorf("none: %v %v", r, broken)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("t=1772366400,v1=00ff", "1772366400", "v1=", "base64", []byte("{}"))
	f.Add("sha256=abc", "2026-03-01T12:00:00Z", "sha256=", "hex", []byte(""))
	f.Add("v1,AAAA v1,BBBB", "t=", "v1,", "base64", []byte("\x00"))
	f.Fuzz(func(t *testing.T, signature, stamp, prefix, encoding string, body []byte) {
		r := &Recipe{
			hash: sha256.New, Header: "x-sig", encoding: encoding, Prefix: prefix, signed: []part{{is: "timestamp"}, {text: "."}, {is: "body"}},
			TimestampHeader: "x-time", tolerance: time.Hour,
		}
		secrets := []Secret{{Value: []byte("a secret that nobody guesses")}}
		if r.Check(body, headers("X-Sig", signature, "X-Time", stamp), "", secrets, noon) == nil {
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

// What Sign signs, Check lets in: with one key, until a byte of the body differs.
func TestSignedEnters(t *testing.T) {
	for _, raw := range []string{
		`{"kind":"hmac","header":"x-sig"}`, `{"kind":"hmac","header":"x-sig","algorithm":"sha512","encoding":"base64","prefix":"v1,"}`,
		`{"kind":"hmac","header":"X-Sig","prefix":"v1=","signed":"{timestamp}.{body}","timestamp_header":"x-sig"}`,
		`{"kind":"hmac","header":"x-sig","algorithm":"sha1","signed":"{id}.{timestamp}.{url}.{body}","timestamp_header":"x-time","id_header":"x-id"}`,
	} {
		r, broken := Parse(json.RawMessage(raw))
		if broken != nil {
			t.Fatal(broken)
		}
		const body, url = "a body that names {id}", "https://h/hooks/t"
		h := http.Header{}
		r.Sign(h, []byte("key"), []byte(body), url, "msg_1", noon)
		secrets := []Secret{{Value: []byte("other")}, {Value: []byte("key")}}
		if refused := r.Check([]byte(body), h, url, secrets, noon); refused != nil {
			t.Errorf("%s: %s", raw, refused.Message)
		}
		if r.Check([]byte(body), h, url, secrets[:1], noon) == nil {
			t.Errorf("%s: another key opens", raw)
		}
		for i := range len(body) {
			changed := []byte(body)
			changed[i] ^= 1
			if r.Check(changed, h, url, secrets, noon) == nil {
				t.Errorf("%s: changed at %d, and entered", raw, i)
			}
		}
	}
}

// A refusal says what to do about it.
func TestRefusalsExplain(t *testing.T) {
	sum := mac(sha256.New, "key", "body")
	for _, c := range []struct{ recipe, body, header, message string }{
		{`{"kind":"hmac","header":"x-sig"}`, "body\n", hex.EncodeToString(sum), "trailing newline"},
		{`{"kind":"hmac","header":"x-sig"}`, "body", base64.StdEncoding.EncodeToString(sum), "is base64, the recipe says hex"},
		{`{"kind":"hmac","header":"x-sig","encoding":"base64"}`, "body", hex.EncodeToString(sum), "is hex, the recipe says base64"},
		{`{"kind":"hmac","header":"x-sig","prefix":"v1="}`, "body", hex.EncodeToString(sum), `begins with "v1="`},
		{`{"kind":"hmac","header":"x-sig"}`, "body!", hex.EncodeToString(sum), "fits none of 1 live secrets"},
	} {
		r, broken := Parse(json.RawMessage(c.recipe))
		if broken != nil {
			t.Fatal(broken)
		}
		refused := r.Check([]byte(c.body), headers("X-Sig", c.header), "", []Secret{{Value: []byte("key")}}, noon)
		if refused == nil || !strings.Contains(refused.Message, c.message) {
			t.Errorf("%q: %v, want %q", c.header, refused, c.message)
		}
	}
}
