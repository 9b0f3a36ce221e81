package signature

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"github.com/golang-jwt/jwt/v5"
)

// issuer is a server of key sets whose answer the test decides.
type issuer struct {
	*httptest.Server
	answer atomic.Pointer[func(w http.ResponseWriter, r *http.Request)]
	asked  atomic.Int64
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.asked.Add(1)
		(*i.answer.Load())(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) says(answer func(w http.ResponseWriter, r *http.Request)) { i.answer.Store(&answer) }

func text(s string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s) }
}

func jwks(keys ...map[string]any) string {
	raw, _ := json.Marshal(map[string]any{"keys": keys})
	return string(raw)
}

func (p pair) jwk(kind, kid string) map[string]any {
	b64 := base64.RawURLEncoding.EncodeToString
	switch kind {
	case "ed25519":
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(p.ed25519Key.Public().(ed25519.PublicKey))}
	case "ecdsa":
		public, err := p.ecdsaKey.Public().(*ecdsa.PublicKey).Bytes() // 4, x, y
		if err != nil {
			panic(err)
		}
		return map[string]any{"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(public[1:33]), "y": b64(public[33:])}
	}
	return map[string]any{"kty": "RSA", "kid": kid, "n": b64(p.rsaKey.N.Bytes()), "e": "AQAB"}
}

func (p pair) token(t *testing.T, method jwt.SigningMethod, key any, kid string) *Request {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims{"exp": noon.Add(time.Minute).Unix()})
	token.Header["kid"] = kid
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return &Request{Header: headers("Authorization", "Bearer "+text)}
}

func TestKeySets(t *testing.T) {
	p, i := newPair(t), newIssuer(t)
	keys := NewKeySets(http.DefaultTransport)
	clock := noon
	keys.now = func() time.Time { return clock }
	v, broken := Spec{Kind: "jwt", JWKSURL: i.URL}.Ready(keys)
	if broken != nil {
		t.Fatal(broken.Message)
	}
	check := func(what, cause string, r *Request) {
		t.Helper()
		if got := causeOf(v.Check(t.Context(), r, nil, noon)); got != cause {
			t.Errorf("%s: got %q, want %q", what, got, cause)
		}
	}
	one := p.token(t, jwt.SigningMethodES256, p.ecdsaKey, "one")
	two := p.token(t, jwt.SigningMethodRS256, p.rsaKey, "two")
	three := p.token(t, jwt.SigningMethodEdDSA, p.ed25519Key, "three")

	i.says(text(jwks(p.jwk("ecdsa", "one"), map[string]any{"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}, map[string]any{"kty": "new"})))
	check("a known key", "", one)
	check("again", "", one)
	if n := i.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	// A symmetric key that somebody publishes is no secret.
	check("a published secret", "MH_TOKEN_KEY", p.token(t, jwt.SigningMethodHS256, []byte("secret"), "secret"))
	check("an algorithm that is not the key's", "MH_TOKEN_ALGORITHM", p.token(t, jwt.SigningMethodHS256, []byte("x"), "one"))
	check("a key that is not there", "MH_TOKEN_KEY", two)
	if n := i.asked.Load(); n != 1 {
		t.Errorf("unknown keys made it ask %d times", n)
	}
	i.says(text(jwks(p.jwk("ecdsa", "one"), p.jwk("rsa", "two"), p.jwk("ed25519", "three"))))
	check("a new key, too soon", "MH_TOKEN_KEY", two)
	clock = clock.Add(keysUnknown)
	check("a new key", "", two)
	check("another", "", three)

	// The source is away: what is known is used, and it is asked again now and then.
	i.says(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	clock = clock.Add(keysFresh)
	asked := i.asked.Load()
	check("away", "", one)
	settle(t, keys, i.URL)
	check("away still", "", one)
	settle(t, keys, i.URL)
	if n := i.asked.Load() - asked; n != 1 {
		t.Errorf("asked %d times while it was away", n)
	}
	clock = clock.Add(keysRetry)
	check("away for longer", "", one)
	settle(t, keys, i.URL)
	if n := i.asked.Load() - asked; n != 2 {
		t.Errorf("asked %d times while it was away", n)
	}
	clock = clock.Add(keysStale)
	check("away for too long", "MH_JWKS_AWAY", one)
	i.says(text(jwks(p.jwk("ecdsa", "one"))))
	check("back, too soon", "MH_JWKS_AWAY", one)
	clock = clock.Add(keysRetry)
	check("back", "", one)
	check("a key taken back", "MH_TOKEN_KEY", two)
}

// settle waits until no fetch is under way.
func settle(t *testing.T, k *KeySets, url string) {
	t.Helper()
	k.mu.Lock()
	wait := k.sets[url].fetching
	k.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-time.After(20 * time.Second):
			t.Fatal("a fetch does not end")
		}
	}
}

// Whatever a source of keys does, the door answers, soon, and says what is the matter.
func TestKeySetsFail(t *testing.T) {
	p := newPair(t)
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat(" ", 1<<16)); err != nil {
				return
			}
		}
	}
	for why, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"jwks_status":      func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"jwks_too_large":   endless,
		"jwks_slow":        nil, // it answers when the test is over
		"jwks_invalid":     text(`{"keys": []}`),
		"jwks_unreachable": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(why, func(t *testing.T) {
			i := newIssuer(t)
			if answer == nil {
				held := make(chan struct{})
				t.Cleanup(func() { close(held) }) // before the server is closed
				answer = func(http.ResponseWriter, *http.Request) { <-held }
			}
			i.says(answer)
			keys := NewKeySets(http.DefaultTransport)
			v, broken := Spec{Kind: "jwt", JWKSURL: i.URL}.Ready(keys)
			if broken != nil {
				t.Fatal(broken.Message)
			}
			refused := v.Check(t.Context(), p.token(t, jwt.SigningMethodES256, p.ecdsaKey, "one"), nil, noon)
			if refused == nil || refused.Cause != "MH_JWKS_AWAY" || refused.Why() != why || refused.Status != 503 || refused.Trace["jwks_url"] != i.URL {
				t.Errorf("%+v", refused)
			}
		})
	}
	t.Run("jwks_forbidden", func(t *testing.T) {
		keys := NewKeySets(roundTrip(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("dial: %w", ssrf.ErrProhibitedIP) }))
		v, broken := Spec{Kind: "jwt", JWKSURL: "https://10.0.0.1/keys"}.Ready(keys)
		if broken != nil {
			t.Fatal(broken.Message)
		}
		refused := v.Check(t.Context(), p.token(t, jwt.SigningMethodES256, p.ecdsaKey, ""), nil, noon)
		if refused == nil || refused.Why() != "jwks_forbidden" {
			t.Errorf("%+v", refused)
		}
	})
	for name, set := range map[string]string{
		"no JSON": "<html>", "no list": `{"keys": 1}`, "too many": jwks(make([]map[string]any, maxKeys+1)...),
		"for encryption": jwks(map[string]any{"kty": "OKP", "crv": "Ed25519", "use": "enc", "x": p.jwk("ed25519", "")["x"]}),
		"short RSA":      jwks(map[string]any{"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
		"off the curve":  jwks(map[string]any{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}),
	} {
		if keys, err := parseKeySet([]byte(set)); err == nil {
			t.Errorf("%s: %v", name, keys)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// There are never more sets than fit.
func TestKeySetsAreBounded(t *testing.T) {
	keys := NewKeySets(roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }))
	for n := range maxKeySets + 50 {
		url := fmt.Sprintf("https://issuer.example/%d", n)
		if _, refused := keys.get(t.Context(), url, ""); refused == nil {
			t.Fatal("there are keys")
		}
	}
	if n := len(keys.sets); n > maxKeySets {
		t.Errorf("%d sets", n)
	}
}
