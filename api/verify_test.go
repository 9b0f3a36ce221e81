//go:build unix

package api_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/profullstack/meshhook/api/door/signature"
	"github.com/profullstack/meshhook/db/dbtest"
	"github.com/profullstack/meshhook/db/keyring"
)

// secret adds a signing secret to the endpoint with the name.
func (s *site) secret(endpoint, value string) {
	s.t.Helper()
	id := uuid.MustParse(s.text("select id::text from meshhook.endpoints where name = $1", endpoint))
	_, _, err := s.ring.AddEndpointSecret(s.t.Context(), s.pool, keyring.EndpointSecret{Project: "p", Endpoint: id, Value: value})
	must(s.t, err)
}

// calm is send on a machine that may be busy: what the database had no time for is sent again.
func (s *site) calm(method, path, body string, header ...string) reply {
	s.t.Helper()
	for tries := 0; ; tries++ {
		got := s.send(method, path, body, header...)
		if got.field("code") != "MH_DATABASE_AWAY" || tries == 50 {
			return got
		}
	}
}

// signed sends a webhook that is signed as the endpoint's verification, resolved by the database, asks for.
func (s *site) signed(endpoint, secret, body, kind string, change func(*signature.Request)) reply {
	s.t.Helper()
	var spec signature.Spec
	path := s.text("select path from meshhook.endpoint_list where name = $1", endpoint)
	must(s.t, json.Unmarshal([]byte(s.text("select meshhook_engine.endpoint(token) ->> 'verify' from meshhook.endpoints where name = $1", endpoint)), &spec))
	spec.JWKSURL = ""
	v, broken := spec.Ready(nil)
	if broken != nil {
		s.t.Fatal(broken.Message)
	}
	r := &signature.Request{Method: "POST", URL: s.url + path, Body: []byte(body), Header: http.Header{}}
	r.Header.Set("Content-Type", kind)
	must(s.t, v.Sign(r, []byte(secret), "msg_"+uuid.NewString(), time.Now()))
	if change != nil {
		change(r)
	}
	var pairs []string
	for name, values := range r.Header {
		if name != "Content-Type" {
			pairs = append(pairs, name, values[0])
		}
	}
	return s.calm("POST", strings.TrimPrefix(r.URL, s.url), string(r.Body), append(pairs, "Content-Type", kind)...)
}

// Each provider and each kind through the whole door: good, tampered, bare; verdict, cause and status; the sentence.
func TestDoorVerifiesEachKind(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	const whsec = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	seed := strings.Repeat("07", 32)
	body := fmt.Sprintf(`{"id": "evt_1", "webhookTimestamp": %d}`, time.Now().UnixMilli())
	for _, c := range []struct {
		name, verify, secret, public string
		tampered, bare               string // causes
	}{
		{"github", `{"kind": "github"}`, "s", "", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"gitlab", `{"kind": "gitlab"}`, "s", "", "", "MH_CREDENTIAL_MISSING"},
		{"stripe", `{"kind": "stripe"}`, "s", "", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"slack", `{"kind": "slack"}`, "s", "", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"shopify", `{"kind": "shopify"}`, "s", "", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"twilio", `{"kind": "twilio"}`, "s", "", "MH_BODY_HASH", "MH_SIGNATURE_MISSING"},
		{"svix", `{"kind": "svix"}`, whsec, "", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"paddle", `{"kind": "paddle"}`, "s", "", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"linear", `{"kind": "linear"}`, "s", "", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"discord", `{"kind": "discord"}`, seed, "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"standard", `{"kind": "standard_webhooks"}`, whsec, "", "MH_SIGNATURE_MISMATCH", "MH_SIGNATURE_MISSING"},
		{"basic", `{"kind": "basic"}`, "user:password", "", "", "MH_CREDENTIAL_MISSING"},
		{"bearer", `{"kind": "bearer"}`, "a token of some length", "", "", "MH_CREDENTIAL_MISSING"},
		{"query", `{"kind": "api_key", "query": "key"}`, "a key of some length", "", "", "MH_CREDENTIAL_MISSING"},
		{"jwt", `{"kind": "jwt", "audience": "us", "body_hash_claim": "h"}`, "a secret of some length", "", "MH_TOKEN_BODY", "MH_CREDENTIAL_MISSING"},
	} {
		path := s.endpoint(c.name, pureNodes, pureEdges, c.verify, `{}`)
		if c.public == "" {
			c.public = c.secret
		}
		s.secret(c.name, c.public)
		got := s.signed(c.name, c.secret, body, "application/json", nil)
		if got.status != 202 {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
			continue
		}
		kept := s.text("select verdict || ' ' || coalesce(query::text, '') || headers::text from meshhook.request_log where id = $1", got.field("request_id"))
		if !strings.HasPrefix(kept, "accepted ") || len(c.secret) > 8 && strings.Contains(kept, c.secret) {
			t.Errorf("%s: kept as %s", c.name, kept)
		}
		got = s.signed(c.name, c.secret, body, "application/json", func(r *signature.Request) { r.Body = []byte(strings.Replace(body, "evt_1", "evt_2", 1)) })
		if c.tampered == "" {
			got.expect(t, 202, "")
		} else {
			got.expect(t, 401, c.tampered)
		}
		got = s.calm("POST", path, body)
		got.expect(t, 401, c.bare)
		if said := s.text("select problem || '|' || advice || '|' || verified_by from meshhook.explain_request($1)", got.field("request_id")); strings.Contains(said, "{") || !strings.Contains(said, "missing") && !strings.Contains(said, "has no key") {
			t.Errorf("%s: %s", c.name, said)
		}
	}
	if n := s.text("select count(*)::text from meshhook.runs r, meshhook.verify(r.id)"); n != "0" {
		t.Errorf("%s findings in the runs", n)
	}
}

// A key set is fetched by the door; when its source is away the sender is told to come back.
func TestDoorVerifiesByKeySet(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys": [{"kty": "RSA", "kid": "one", "e": "AQAB", "n": %q}]}`, base64.RawURLEncoding.EncodeToString(key.N.Bytes()))
	}))
	t.Cleanup(issuer.Close)
	path := s.endpoint("flow", pureNodes, pureEdges, fmt.Sprintf(`{"kind": "jwt", "jwks_url": %q, "issuer": "me"}`, issuer.URL+"/keys"), `{}`)
	gone := s.endpoint("gone", pureNodes, pureEdges, `{"kind": "jwt", "jwks_url": "http://127.0.0.1:1/keys"}`, `{}`)
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": "me", "exp": time.Now().Add(time.Minute).Unix()})
	token.Header["kid"] = "one"
	text, err := token.SignedString(key)
	must(t, err)
	s.calm("POST", path, `{}`, "Authorization", "Bearer "+text).expect(t, 202, "")
	got := s.calm("POST", path, `{}`, "Authorization", "Bearer "+text[:len(text)-6]+"AAAAAA")
	got.expect(t, 401, "MH_TOKEN_SIGNATURE")
	got = s.calm("POST", gone, `{}`, "Authorization", "Bearer "+text)
	got.expect(t, 503, "MH_JWKS_AWAY")
	if why := s.text("select why || ' ' || verdict from meshhook.explain_request($1)", got.field("request_id")); why != "jwks_unreachable rejected" {
		t.Errorf("explained as %s", why)
	}
}

// Those who ask before they send are answered, and nothing is started; what was asked is kept.
func TestDoorAnswersHandshakes(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	s.endpoint("slack", pureNodes, pureEdges, `{"kind": "slack"}`, `{}`)
	s.endpoint("discord", pureNodes, pureEdges, `{"kind": "discord"}`, `{}`)
	meta := s.endpoint("meta", pureNodes, pureEdges, `{"kind": "meta"}`, `{}`)
	microsoft := s.endpoint("microsoft", pureNodes, pureEdges, `{"kind": "api_key", "query": "key", "handshake": "microsoft"}`, `{}`)
	s.secret("slack", "s")
	s.secret("discord", "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c")
	s.secret("meta", "the app secret")
	s.secret("meta", "the word agreed on")
	s.secret("microsoft", "a key of some length")
	expect := func(what string, got reply, status int, body string) {
		t.Helper()
		if got.status != status || strings.TrimSpace(got.body) != body {
			t.Errorf("%s: %d %s", what, got.status, got.body)
		}
	}
	const asked = `{"type": "url_verification", "challenge": "3eZbrw1a\u0000\"<b>"}`
	expect("slack", s.signed("slack", "s", asked, "application/json", nil), 200, `{"challenge":"3eZbrw1a`+"\ufffd"+`\"<b>"}`)
	s.signed("slack", "other", asked, "application/json", nil).expect(t, 401, "MH_SIGNATURE_MISMATCH")
	s.signed("slack", "s", `{"type": "event_callback"}`, "application/json", nil).expect(t, 202, "")
	expect("discord", s.signed("discord", strings.Repeat("07", 32), `{"type": 1}`, "application/json", nil), 200, `{"type":1}`)
	s.signed("discord", strings.Repeat("08", 32), `{"type": 1}`, "application/json", nil).expect(t, 401, "MH_SIGNATURE_MISMATCH")
	expect("microsoft", s.calm("POST", microsoft+"?key=a+key+of+some+length&validationToken=Validation%3A+%3Cb%3E", ""), 200, "Validation: <b>")
	s.calm("POST", microsoft+"?validationToken=x", "").expect(t, 401, "MH_CREDENTIAL_MISSING")
	expect("meta", s.calm("GET", meta+"?hub.mode=subscribe&hub.verify_token=the+word+agreed+on&hub.challenge=1158201444", ""), 200, "1158201444")
	s.calm("GET", meta+"?hub.mode=subscribe&hub.verify_token=another&hub.challenge=1", "").expect(t, 401, "MH_CREDENTIAL_WRONG")
	s.calm("GET", meta, "").expect(t, 405, "MH_METHOD_NOT_ALLOWED")
	s.signed("meta", "the app secret", `{"object": "page"}`, "application/json", nil).expect(t, 202, "")
	if got := s.text("select string_agg(distinct endpoint || ' ' || verdict || ' ' || coalesce(cardinality(run_ids), 0), ', ') from meshhook.request_log where cause = 'MH_HANDSHAKE'"); got != "discord ignored 0, meta ignored 0, microsoft ignored 0, slack ignored 0" {
		t.Errorf("kept: %s", got)
	}
	if got := s.text("select string_agg(query::text, ' ') from meshhook.request_log where endpoint in ('meta', 'microsoft')"); strings.Contains(got, "agreed") || strings.Contains(got, "some length") {
		t.Errorf("words are kept: %s", got)
	}
}

// What was refused for a forgotten secret enters when the secret is there: the same bytes, verified again by the door.
func TestDoorVerifiesAgain(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	path := s.endpoint("flow", pureNodes, pureEdges, `{"kind": "hmac", "header": "x-sig", "signed": "{timestamp}{body}", "timestamp_header": "x-time", "tolerance": "1m"}`, `{}`)
	key := s.endpoint("key", pureNodes, pureEdges, `{"kind": "api_key", "query": "key"}`, `{}`)
	const body = `{"n": 7}`
	stamp := fmt.Sprint(time.Now().Unix())
	m := hmac.New(sha256.New, []byte("the secret"))
	m.Write([]byte(stamp + body))
	got := s.calm("POST", path, body, "X-Sig", hex.EncodeToString(m.Sum(nil)), "X-Time", stamp)
	got.expect(t, 401, "MH_SECRET_NONE")
	second := s.calm("POST", key+"?key=a+key+of+some+length", body)
	second.expect(t, 401, "MH_SECRET_NONE")
	settled := func(request string) string {
		t.Helper()
		id := s.text("select meshhook.reevaluate($1)::text", request)
		waitFor(t, "the second verdict", func() bool {
			return s.text("select verdict from meshhook.reevaluation_list where id = $1::bigint", id) != ""
		})
		return s.text("select concat_ws(' ', verdict, cause) from meshhook.reevaluation_list where id = $1::bigint", id)
	}
	if v := settled(got.field("request_id")); v != "rejected MH_SECRET_NONE" {
		t.Errorf("without a secret: %s", v)
	}
	s.secret("flow", "another secret")
	if v := settled(got.field("request_id")); v != "rejected MH_SIGNATURE_MISMATCH" {
		t.Errorf("with another: %s", v)
	}
	s.secret("flow", "the secret")
	s.secret("key", "a key of some length")
	for _, request := range []string{got.field("request_id"), second.field("request_id")} {
		if v := settled(request); v != "accepted" {
			t.Errorf("with the secret: %s", v)
		}
		if v := s.text("select q.verdict || ' ' || r.status || ' ' || r.output from meshhook.request_log q join meshhook.run_list r on r.id = q.run_ids[1] where q.id = $1", request); v != `accepted succeeded {"got": {"n": 7}}` {
			t.Errorf("it became %s", v)
		}
	}
	// The sealed headers belong to their bytes: beside other ones they do not open.
	third := s.calm("POST", path, body, "X-Sig", "00", "X-Time", stamp)
	s.exec("update meshhook.requests set body = 'other' where id = $1", third.field("request_id"))
	if v := settled(third.field("request_id")); v != "rejected MH_REQUEST_NO_EVIDENCE" {
		t.Errorf("beside another body: %s", v)
	}
	if n := s.text("select count(*)::text from meshhook.runs r, meshhook.verify(r.id)"); n != "0" {
		t.Errorf("%s findings in the runs", n)
	}
}
