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

func ready(t testing.TB, raw string) *Verification {
	t.Helper()
	v, broken := Parse(json.RawMessage(raw), nil)
	if broken != nil {
		t.Fatalf("%s: %s", raw, broken.Message)
	}
	return v
}

func causeOf(r *Refusal) string {
	if r == nil {
		return ""
	}
	return r.Cause
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
		{"64 KiB", plain, headers("X-Sig", strings.Repeat("a", 64<<10)), live, "MH_SIGNATURE_MALFORMED"},
		{"shortened", plain, headers("X-Sig", hexOf(body)[:32]), live, "MH_SIGNATURE_MISMATCH"},
		{"other body", plain, headers("X-Sig", hexOf(strings.TrimSpace(body))), live, "MH_SIGNATURE_MISMATCH"},
		{"no secret", plain, headers("X-Sig", hexOf(body)), nil, "MH_SECRET_NONE"},
		{"empty secret", plain, headers("X-Sig", hex.EncodeToString(mac(sha256.New, "", body))), []Secret{{}}, "MH_SECRET_EMPTY"},
		{"empty whsec", plain, headers("X-Sig", hex.EncodeToString(mac(sha256.New, "", body))), []Secret{{Value: []byte("whsec_")}}, "MH_SECRET_EMPTY"},
		{"second of two", plain, headers("X-Sig", hexOf(body)), []Secret{{Value: []byte("new")}, {Value: []byte(key), Until: noon.Add(time.Hour)}}, ""},
		{"ended", plain, headers("X-Sig", hexOf(body)), []Secret{{Value: []byte("new")}, {Value: []byte(key), Until: noon}}, "MH_SIGNATURE_MISMATCH"},
		{"not begun", plain, headers("X-Sig", hexOf(body)), []Secret{{Value: []byte(key), From: noon.Add(time.Second)}}, "MH_SECRET_NONE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := &Request{Method: "POST", URL: "https://h/hooks/t?a=1", Header: c.header, Body: []byte(body)}
			got := ready(t, c.recipe).Check(t.Context(), request, c.secrets, noon)
			if got != nil && (got.Message == "" || strings.Contains(got.Message, "%!") || got.Why() == "" || got.Status != 401) {
				t.Errorf("%+v", got)
			}
			if causeOf(got) != c.cause {
				t.Errorf("got %q, want %q", causeOf(got), c.cause)
			}
		})
	}
}

func TestVerifyTimestamps(t *testing.T) {
	v := ready(t, `{"kind":"hmac","header":"x-sig","signed":"{timestamp}:{body}","timestamp_header":"x-time","tolerance_ms":60000}`)
	at := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	for value, cause := range map[string]string{
		at(0): "", at(-60 * time.Second): "", at(60 * time.Second): "", at(-61 * time.Second): "MH_TIMESTAMP_STALE", at(61 * time.Second): "MH_TIMESTAMP_FUTURE",
		strconv.FormatInt(noon.UnixMilli(), 10): "", noon.Format(time.RFC3339): "", noon.Add(-2 * time.Minute).Format(time.RFC3339): "MH_TIMESTAMP_STALE",
		"": "MH_TIMESTAMP_MISSING", "soon": "MH_TIMESTAMP_INVALID", "-1": "MH_TIMESTAMP_INVALID", "99999999999999999999": "MH_TIMESTAMP_INVALID",
		"1e9": "MH_TIMESTAMP_INVALID", "0": "MH_TIMESTAMP_STALE", strings.Repeat("9", 9000): "MH_TIMESTAMP_INVALID",
	} {
		h := headers("X-Time", value, "X-Sig", hex.EncodeToString(mac(sha256.New, "k", value+":b")))
		got := causeOf(v.Check(t.Context(), &Request{Header: h, Body: []byte("b")}, []Secret{{Value: []byte("k")}}, noon))
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
		`{"kind":"hmac","header":"x","signed":"{form}"}`, `{"kind":"hmac","header":"x","signed":"{form}","body_hash_query":"h"}`, `{"kind":"ed25519"}`, `{"kind":"ecdsa","header":"x","signed":"x"}`,
		`{"kind":"api_key"}`, `{"kind":"api_key","header":"a","query":"b"}`, `{"kind":"jwt","header":"a","query":"b"}`, `{"kind":"jwt","jwks_url":"https://issuer.example/keys"}`,
	} {
		if v, broken := Parse(json.RawMessage(raw), nil); v != nil || broken == nil {
			t.Errorf("%s was taken as %v", raw, v)
		}
	}
	if v := ready(t, `{"kind":"none"}`); v.Verifies() {
		t.Errorf("none: %v", v)
	}
}

// What Sign signs, Check lets in: with one key, until a byte of the body differs.
func TestSignedEnters(t *testing.T) {
	pair := newPair(t)
	for _, c := range []struct {
		recipe          string
		private, public string
		without         bool // nothing is signed: the body may change
	}{
		{recipe: `{"kind":"hmac","header":"x-sig"}`},
		{recipe: `{"kind":"hmac","header":"x-sig","algorithm":"sha512","encoding":"base64","prefix":"v1,"}`},
		{recipe: `{"kind":"hmac","header":"X-Sig","prefix":"v1=","signed":"{timestamp}.{body}","timestamp_header":"x-sig"}`},
		{recipe: `{"kind":"hmac","header":"X-Sig","prefix":"h1=","signed":"{timestamp}:{body}","timestamp_header":"x-sig","timestamp_key":"ts","separator":";"}`},
		{recipe: `{"kind":"hmac","header":"x-sig","algorithm":"sha1","signed":"{id}.{timestamp}.{url}.{body}","timestamp_header":"x-time","id_header":"x-id"}`},
		{recipe: `{"kind":"hmac","header":"x-sig","algorithm":"sha1","encoding":"base64","signed":"{url}{form}","body_hash_query":"bodySHA256"}`},
		{recipe: `{"kind":"ed25519","header":"x-sig","signed":"{timestamp}{body}","timestamp_header":"x-time"}`, private: pair.ed25519, public: pair.ed25519Public},
		{recipe: `{"kind":"ecdsa","header":"x-sig","encoding":"base64","signed":"{timestamp}{body}","timestamp_header":"x-time"}`, private: pair.ecdsa, public: pair.ecdsaPublic},
		{recipe: `{"kind":"standard_webhooks"}`, private: "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", public: "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="},
		{recipe: `{"kind":"standard_webhooks","header_prefix":"svix-"}`, private: pair.whsk, public: pair.whpk},
		{recipe: `{"kind":"basic"}`, private: "user:pass:word", public: "user:pass:word", without: true},
		{recipe: `{"kind":"bearer"}`, private: "a token", public: "a token", without: true},
		{recipe: `{"kind":"api_key","header":"x-key"}`, without: true},
		{recipe: `{"kind":"api_key","query":"key"}`, without: true},
		{recipe: `{"kind":"jwt","issuer":"me","audience":"you","body_hash_claim":"body"}`},
		{recipe: `{"kind":"jwt","query":"jwt","body_hash_claim":"body"}`, private: pair.ecdsa, public: pair.ecdsaPublicPEM},
		{recipe: `{"kind":"jwt","header":"x-jwt","body_hash_claim":"body"}`, private: pair.rsa, public: pair.rsaPublic},
		{recipe: `{"kind":"jwt","body_hash_claim":"body"}`, private: pair.ed25519PEM, public: pair.ed25519PublicPEM},
	} {
		v := ready(t, c.recipe)
		if c.private == "" {
			c.private, c.public = "a key of some length", "a key of some length"
		}
		const body, id = "a body that names {id}", "msg_1"
		r := Request{Method: "POST", URL: "https://h/hooks/t", Header: headers("Content-Type", "application/json"), Body: []byte(body)}
		if err := v.Sign(&r, []byte(c.private), id, noon); err != nil {
			t.Errorf("%s: %v", c.recipe, err)
			continue
		}
		other := map[string]string{pair.ed25519Public: pair.otherEd25519, pair.ecdsaPublic: pair.otherECDSA, pair.whpk: pair.otherWhpk, "user:pass:word": "user:x"}[c.public]
		if other == "" {
			other = "whsec_b3RoZXI="
		}
		secrets := []Secret{{Value: []byte(other)}, {Value: []byte(c.public)}}
		if refused := v.Check(t.Context(), &r, secrets, noon); refused != nil {
			t.Errorf("%s: %s %v", c.recipe, refused.Message, refused.Trace)
			continue
		}
		if v.Check(t.Context(), &r, secrets[:1], noon) == nil {
			t.Errorf("%s: another key opens", c.recipe)
		}
		for i := range len(body) {
			changed := r
			changed.Body = []byte(body)
			changed.Body[i] ^= 1
			if (v.Check(t.Context(), &changed, secrets, noon) == nil) != c.without {
				t.Errorf("%s: changed at %d", c.recipe, i)
			}
		}
	}
}
