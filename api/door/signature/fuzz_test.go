package signature

import (
	"crypto/sha256"
	"encoding/json"
	"testing"
	"time"
)

const unguessed = "a secret that nobody guesses"

func FuzzVerify(f *testing.F) {
	f.Add("t=1772366400,v1=00ff", "1772366400", "v1=", "base64", []byte("{}"))
	f.Add("sha256=abc", "2026-03-01T12:00:00Z", "sha256=", "hex", []byte(""))
	f.Add("v1,AAAA v1,BBBB", "t=", "v1,", "base64", []byte("\x00"))
	f.Fuzz(func(t *testing.T, signature, stamp, prefix, encoding string, body []byte) {
		r := &recipe{
			kind: "hmac", algorithm: "sha256", hash: sha256.New, header: "x-sig", encoding: encoding, prefix: prefix,
			signed: []part{{is: "timestamp"}, {text: "."}, {is: "body"}}, timestampHeader: "x-time", timestampKey: "t", tolerance: time.Hour,
		}
		v := &Verification{Spec: Spec{Kind: "hmac"}, Marks: r.marks(), scheme: r}
		refusedAndExplained(t, v, &Request{URL: "https://h/", Header: headers("X-Sig", signature, "X-Time", stamp), Body: body}, unguessed)
		if n := len(r.signatures(signature)); n > maxSignatures {
			t.Errorf("%d signatures", n)
		}
	})
}

// refusedAndExplained checks that what cannot be right is refused, and that its explanation is JSON.
func refusedAndExplained(t *testing.T, v *Verification, r *Request, secret string) {
	t.Helper()
	secrets := []Secret{{ID: "one", Value: []byte(secret)}}
	refused := v.Check(t.Context(), r, secrets, noon)
	if refused == nil {
		t.Fatalf("%v entered", r)
	}
	v.Explain(r, secrets, noon, refused)
	if text, err := json.Marshal(refused.Trace); err != nil || refused.Cause == "" || refused.Why() == "" {
		t.Errorf("%s %v: %v", refused.Cause, text, err)
	}
}

func FuzzTimestamp(f *testing.F) {
	for _, stamp := range []string{"1772366400", "1772366400000", "t=1,v1=2", "2026-03-01T12:00:00.5+02:00", "ts=5;h1=6", "-1", "99999999999999999999", " 7 "} {
		f.Add(stamp, "t")
	}
	f.Fuzz(func(t *testing.T, stamp, key string) {
		at, text, ok := parseTimestamp(stamp, key)
		if ok && (at.Year() > 40_000 || len(text) > len(stamp)) {
			t.Errorf("%q is %s, %q", stamp, at, text)
		}
		if _, again, same := parseTimestamp(text, key); ok && (!same || again != text) {
			t.Errorf("%q reads as %q, and that as %q", stamp, text, again)
		}
	})
}

func FuzzStandard(f *testing.F) {
	f.Add("v1,AAAA v1a,BBBB", "1772366400", "msg_1", []byte("{}"))
	f.Add("v1a,", "0", "", []byte(""))
	v := ready(f, `{"kind":"standard_webhooks"}`)
	f.Fuzz(func(t *testing.T, signature, stamp, id string, body []byte) {
		r := &Request{Header: headers("Webhook-Id", id, "Webhook-Timestamp", stamp, "Webhook-Signature", signature), Body: body}
		refusedAndExplained(t, v, r, "whsec_YSBzZWNyZXQgdGhhdCBub2JvZHkgZ3Vlc3Nlcw==")
		refusedAndExplained(t, v, r, "whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=")
	})
}

func FuzzToken(f *testing.F) {
	f.Add("Bearer eyJhbGciOiJub25lIn0.e30.")
	f.Add("Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NzIzNjY0MDB9.AAAA")
	f.Add("eyJhbGciOiJFZERTQSIsImNyaXQiOltdfQ.e30.e30")
	f.Add("Basic dTpw")
	shared := ready(f, `{"kind":"jwt","issuer":"me","body_hash_claim":"h"}`)
	f.Fuzz(func(t *testing.T, value string) {
		r := &Request{Header: headers("Authorization", value)}
		refusedAndExplained(t, shared, r, unguessed)
		refusedAndExplained(t, shared, r, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n-----END PUBLIC KEY-----")
	})
}

func FuzzCredential(f *testing.F) {
	f.Add("Basic dTpw", "key=1&key=2", "user:password")
	f.Add("Bearer x", "%zz", "x:y")
	basic, bearer, query := ready(f, `{"kind":"basic"}`), ready(f, `{"kind":"bearer"}`), ready(f, `{"kind":"api_key","query":"key"}`)
	f.Fuzz(func(t *testing.T, value, raw, secret string) {
		secret += ":" + unguessed
		r := &Request{URL: "/?" + raw, Header: headers("Authorization", value)}
		for _, v := range []*Verification{basic, bearer, query} {
			refusedAndExplained(t, v, r, secret)
		}
	})
}

func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}]}`))
	f.Add([]byte(`{"keys": [{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}, {"kty": "oct", "k": "AA"}]}`))
	f.Add([]byte(`{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "x5u": "https://elsewhere.example/"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		keys, err := parseKeySet(raw)
		if (err == nil) != (len(keys) > 0) || len(keys) > maxKeys {
			t.Fatalf("%d keys: %v", len(keys), err)
		}
		for _, key := range keys {
			for _, name := range algorithms(key.key) {
				if name[:2] == "HS" {
					t.Errorf("a published key is used as a shared secret: %s", raw)
				}
			}
		}
	})
}
