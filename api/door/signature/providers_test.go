package signature

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var seeded = regexp.MustCompile(`(?s)\n  \('([a-z]+)', '[^']+',\s+'(\{.*?\})',`)

// presets are the recipes that every installation begins with.
func presets(t testing.TB) map[string]string {
	t.Helper()
	migration, err := os.ReadFile("../../../sql/migrations/00017_verification.sql")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range seeded.FindAllStringSubmatch(string(migration), -1) {
		found[m[1]] = m[2]
	}
	if len(found) < 12 {
		t.Fatalf("%d presets are seeded", len(found))
	}
	return found
}

// provider signs as a provider does, written down from its documentation and apart from the code that verifies.
type provider struct {
	secret, other  string
	sign           func(h http.Header, secret, body, url string, at time.Time)
	timed          bool
	missing, cause string // a header without which it is refused, and how
	wrong          string // cause of another secret; MH_SIGNATURE_MISMATCH when ""
	tampered       string // cause of a changed body; as wrong when ""
	late, ahead    string // causes of another time, when it is timed
	form           bool
	untouched      bool // the body is not signed
}

func providers(t testing.TB) map[string]provider {
	p := newPair(t)
	hexMAC := func(secret, text string) string { return hex.EncodeToString(mac(sha256.New, secret, text)) }
	b64 := base64.StdEncoding.EncodeToString
	url64 := base64.RawURLEncoding.EncodeToString
	unix := func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
	plain := func(header, prefix string) func(http.Header, string, string, string, time.Time) {
		return func(h http.Header, secret, body, _ string, _ time.Time) { h.Set(header, prefix+hexMAC(secret, body)) }
	}
	return map[string]provider{
		"github": {missing: "X-Hub-Signature-256", sign: plain("X-Hub-Signature-256", "sha256=")},
		"meta":   {missing: "X-Hub-Signature-256", sign: plain("X-Hub-Signature-256", "sha256=")},
		"gitlab": {
			missing: "X-Gitlab-Token", cause: "MH_CREDENTIAL_MISSING", wrong: "MH_CREDENTIAL_WRONG", untouched: true,
			sign: func(h http.Header, secret, _, _ string, _ time.Time) { h.Set("X-Gitlab-Token", secret) },
		},
		"stripe": {missing: "Stripe-Signature", timed: true, sign: func(h http.Header, secret, body, _ string, at time.Time) {
			h.Set("Stripe-Signature", fmt.Sprintf("t=%s,v1=%s,v0=%s", unix(at), hexMAC(secret, unix(at)+"."+body), hexMAC("test", body)))
		}},
		"slack": {missing: "X-Slack-Request-Timestamp", cause: "MH_TIMESTAMP_MISSING", timed: true, sign: func(h http.Header, secret, body, _ string, at time.Time) {
			h.Set("X-Slack-Request-Timestamp", unix(at))
			h.Set("X-Slack-Signature", "v0="+hexMAC(secret, "v0:"+unix(at)+":"+body))
		}},
		"shopify": {missing: "X-Shopify-Hmac-Sha256", sign: func(h http.Header, secret, body, _ string, _ time.Time) {
			h.Set("X-Shopify-Hmac-SHA256", b64(mac(sha256.New, secret, body)))
		}},
		"twilio": {missing: "X-Twilio-Signature", form: true, sign: func(h http.Header, secret, _, url string, _ time.Time) {
			h.Set("X-Twilio-Signature", b64(mac(sha1.New, secret, url+"BodyHello thereFrom+15017122661SmsSidS1To+15558675310")))
		}},
		"svix": {
			missing: "Svix-Id", timed: true, secret: "whsec_" + b64([]byte("0123456789abcdef01234567")), other: "whsec_" + b64([]byte("another secret")),
			sign: func(h http.Header, secret, body, _ string, at time.Time) {
				key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
				h.Set("Svix-Id", "msg_2")
				h.Set("Svix-Timestamp", unix(at))
				h.Set("Svix-Signature", "v1,"+b64(make([]byte, 32))+" v1,"+b64(mac(sha256.New, string(key), "msg_2."+unix(at)+"."+body)))
			},
		},
		"paddle": {missing: "Paddle-Signature", timed: true, sign: func(h http.Header, secret, body, _ string, at time.Time) {
			h.Set("Paddle-Signature", "ts="+unix(at)+";h1="+hexMAC(secret, unix(at)+":"+body))
		}},
		"linear": {missing: "Linear-Signature", sign: plain("Linear-Signature", "")},
		"discord": {
			missing: "X-Signature-Ed25519", timed: true, secret: p.ed25519Public, other: p.otherEd25519,
			sign: func(h http.Header, secret, body, _ string, at time.Time) {
				h.Set("X-Signature-Timestamp", unix(at))
				key := p.ed25519Key
				if secret != p.ed25519Public {
					key = ed25519.NewKeyFromSeed(make([]byte, 32))
				}
				h.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(key, []byte(unix(at)+body))))
			},
		},
		"standard_webhooks": {
			missing: "Webhook-Signature", timed: true, secret: "whsec_" + b64([]byte("0123456789abcdef01234567")), other: "whsec_" + b64([]byte("another secret")),
			sign: func(h http.Header, secret, body, _ string, at time.Time) {
				key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
				h.Set("Webhook-Id", "msg_3")
				h.Set("Webhook-Timestamp", unix(at))
				h.Set("Webhook-Signature", "v1,"+b64(mac(sha256.New, string(key), "msg_3."+unix(at)+"."+body)))
			},
		},
		"standard_webhooks v1a": {
			missing: "Webhook-Timestamp", cause: "MH_TIMESTAMP_MISSING", timed: true, secret: p.whpk, other: p.otherWhpk,
			sign: func(h http.Header, _, body, _ string, at time.Time) {
				h.Set("Webhook-Id", "msg_4")
				h.Set("Webhook-Timestamp", unix(at))
				h.Set("Webhook-Signature", "v1a,"+b64(ed25519.Sign(p.ed25519Key, []byte("msg_4."+unix(at)+"."+body))))
			},
		},
		"basic": {
			missing: "Authorization", cause: "MH_CREDENTIAL_MISSING", wrong: "MH_CREDENTIAL_WRONG", untouched: true, secret: "user:pass:word", other: "user:pass",
			sign: func(h http.Header, secret, _, _ string, _ time.Time) {
				h.Set("Authorization", "basic "+b64([]byte(secret)))
			},
		},
		"bearer": {
			missing: "Authorization", cause: "MH_CREDENTIAL_MISSING", wrong: "MH_CREDENTIAL_WRONG", untouched: true,
			sign: func(h http.Header, secret, _, _ string, _ time.Time) { h.Set("Authorization", "Bearer "+secret) },
		},
		"api_key": {
			missing: "X-Key", cause: "MH_CREDENTIAL_MISSING", wrong: "MH_CREDENTIAL_WRONG", untouched: true,
			sign: func(h http.Header, secret, _, _ string, _ time.Time) { h.Set("X-Key", secret) },
		},
		"jwt": {
			missing: "Authorization", cause: "MH_CREDENTIAL_MISSING", wrong: "MH_TOKEN_SIGNATURE", tampered: "MH_TOKEN_BODY", timed: true, late: "MH_TOKEN_EXPIRED", ahead: "MH_TOKEN_NOT_YET",
			sign: func(h http.Header, secret, body, _ string, at time.Time) {
				text := url64([]byte(`{"alg":"HS256"}`)) + "." + url64(fmt.Appendf(nil, `{"iss":"me","aud":["us","them"],"iat":%d,"exp":%d,"hash":%q}`, at.Unix(), at.Unix()+300, hashHex([]byte(body))))
				h.Set("Authorization", "Bearer "+text+"."+url64(mac(sha256.New, secret, text)))
			},
		},
		"sendgrid": {
			missing: "X-Twilio-Email-Event-Webhook-Signature", timed: true, secret: p.ecdsaPublic, other: p.otherECDSA,
			sign: func(h http.Header, _, body, _ string, at time.Time) {
				h.Set("X-Twilio-Email-Event-Webhook-Timestamp", unix(at))
				sum := sha256.Sum256([]byte(unix(at) + body))
				signature, _ := ecdsa.SignASN1(rand.Reader, p.ecdsaKey, sum[:])
				h.Set("X-Twilio-Email-Event-Webhook-Signature", b64(signature))
			},
		},
	}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func TestProviders(t *testing.T) {
	known := providers(t)
	recipes := presets(t)
	for name, recipe := range map[string]string{
		"standard_webhooks": `{"kind": "standard_webhooks"}`, "standard_webhooks v1a": `{"kind": "standard_webhooks"}`, "basic": `{"kind": "basic"}`, "bearer": `{"kind": "bearer"}`,
		"api_key": `{"kind": "api_key", "header": "x-key"}`, "jwt": `{"kind": "jwt", "issuer": "me", "audience": "us", "body_hash_claim": "hash", "leeway_ms": 30000}`,
	} {
		recipes[name] = recipe
	}
	for name, recipe := range recipes {
		p, ok := known[name]
		if !ok {
			t.Errorf("%s: nobody says how it signs", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			if p.secret == "" {
				p.secret, p.other = "the secret", "another secret"
			}
			if p.cause == "" {
				p.cause = "MH_SIGNATURE_MISSING"
			}
			v := ready(t, recipe)
			const url = "https://hooks.example/hooks/abcdefghijklmnop?x=1"
			body := fmt.Sprintf(`{"id": "evt_1", "webhookTimestamp": %d, "text": "grüße"}`, noon.UnixMilli())
			kind, tampered := "application/json", strings.Replace(body, "evt_1", "evt_2", 1)
			if p.form {
				kind, body = "application/x-www-form-urlencoded", "To=%2B15558675310&Body=Hello+there&From=%2B15017122661&SmsSid=S1"
				tampered = strings.Replace(body, "S1", "S2", 1)
			}
			request := func(secret, sent string, at time.Time) *Request {
				h := headers("Content-Type", kind)
				p.sign(h, secret, body, url, at)
				return &Request{Method: "POST", URL: url, Header: h, Body: []byte(sent)}
			}
			expect := func(what, cause string, r *Request, secrets []Secret, now time.Time) {
				t.Helper()
				refused := v.Check(t.Context(), r, secrets, now)
				if got := causeOf(refused); got != cause {
					t.Errorf("%s: got %q, want %q", what, got, cause)
				}
				if refused != nil && refused.Status != 401 {
					t.Errorf("%s: status %d", what, refused.Status)
				}
			}
			wrong := orElse(p.wrong, "MH_SIGNATURE_MISMATCH")
			changed, late := orElse(p.tampered, wrong), ""
			if p.untouched {
				changed = ""
			}
			if p.timed || name == "linear" {
				late = orElse(p.late, "MH_TIMESTAMP_STALE")
			}
			live := []Secret{{Value: []byte(p.secret)}}
			good := request(p.secret, body, noon)
			expect("good", "", good, live, noon)
			expect("tampered", changed, request(p.secret, tampered, noon), live, noon)
			expect("within its time", "", good, live, noon.Add(4*time.Minute))
			expect("replayed an hour later", late, good, live, noon.Add(time.Hour))
			expect("another secret", wrong, good, []Secret{{Value: []byte(p.other)}}, noon)
			rotated := []Secret{{Value: []byte(p.other)}, {Value: []byte(p.secret), From: noon.Add(-time.Minute), Until: noon.Add(time.Minute)}}
			expect("while both secrets live", "", good, rotated, noon)
			expect("before the secret's window", wrong, good, rotated, noon.Add(-2*time.Minute))
			expect("after the secret's window", wrong, good, rotated, noon.Add(2*time.Minute))
			bare := request(p.secret, body, noon)
			bare.Header.Del(p.missing)
			expect("without "+p.missing, p.cause, bare, live, noon)
			twice := request(p.secret, body, noon)
			twice.Header.Add(p.missing, twice.Header.Get(p.missing))
			expect("twice "+p.missing, "MH_HEADER_REPEATED", twice, live, noon)
			if p.timed {
				expect("signed ahead", orElse(p.ahead, "MH_TIMESTAMP_FUTURE"), request(p.secret, body, noon.Add(time.Hour)), live, noon)
			}
		})
	}
}

// Twilio signs JSON by its hash in the query, and the values of a repeated field sorted and once.
func TestTwilioBodies(t *testing.T) {
	v := ready(t, presets(t)["twilio"])
	live := []Secret{{Value: []byte("token")}}
	sign := func(text string) string { return base64.StdEncoding.EncodeToString(mac(sha1.New, "token", text)) }
	const body = `{"a": 1}`
	url := "https://h/hooks/t?bodySHA256=" + hashHex([]byte(body))
	r := &Request{URL: url, Header: headers("X-Twilio-Signature", sign(url), "Content-Type", "application/json"), Body: []byte(body)}
	if refused := v.Check(t.Context(), r, live, noon); refused != nil {
		t.Error(refused.Message)
	}
	r.Body = []byte(`{"a": 2}`)
	if got := causeOf(v.Check(t.Context(), r, live, noon)); got != "MH_BODY_HASH" {
		t.Errorf("another body: %q", got)
	}
	r = &Request{URL: "https://h/x", Header: headers("X-Twilio-Signature", sign("https://h/xMediaaMediabTo1"), "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"), Body: []byte("Media=b&To=1&Media=a&Media=b")}
	if refused := v.Check(t.Context(), r, live, noon); refused != nil {
		t.Error(refused.Message)
	}
	r = &Request{URL: "https://h/x?a=1", Header: headers("X-Twilio-Signature", sign("https://h/x?a=1"))}
	if refused := v.Check(t.Context(), r, live, noon); refused != nil {
		t.Errorf("no body: %s", refused.Message)
	}
}

// Values that others have published: RFC 8032 (test 2), RFC 7515 (A.1), RFC 4231 (case 2).
func TestPublishedValues(t *testing.T) {
	public := "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
	signed := "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
	v := ready(t, `{"kind":"ed25519","header":"x-sig"}`)
	r := &Request{Header: headers("X-Sig", signed), Body: []byte{0x72}}
	if refused := v.Check(t.Context(), r, []Secret{{Value: []byte(public)}}, noon); refused != nil {
		t.Error("RFC 8032: ", refused.Message)
	}
	v = ready(t, `{"kind":"hmac","header":"x-sig"}`)
	r = &Request{Header: headers("X-Sig", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"), Body: []byte("what do ya want for nothing?")}
	if refused := v.Check(t.Context(), r, []Secret{{Value: []byte("Jefe")}}, noon); refused != nil {
		t.Error("RFC 4231: ", refused.Message)
	}
	key, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	if err != nil {
		t.Fatal(err)
	}
	token := "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	v = ready(t, `{"kind":"jwt","issuer":"joe"}`)
	r = &Request{Header: headers("Authorization", "Bearer "+token)}
	if refused := v.Check(t.Context(), r, []Secret{{Value: key}}, time.Unix(1300819300, 0)); refused != nil {
		t.Error("RFC 7515: ", refused.Message)
	}
}
