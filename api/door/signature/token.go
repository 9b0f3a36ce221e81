package signature

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// token verifies a JSON Web Token. The key says by which algorithms it may be used; the token's own word is never enough.
type token struct {
	header, query    string
	jwksURL          string
	keys             *KeySets
	issuer, audience string
	leeway           time.Duration
	bodyHashClaim    string
}

// maxToken is the length of the longest token that is read.
const maxToken = 16 << 10

func newToken(v Spec, keys *KeySets) (*token, *Refusal) {
	t := &token{
		header: strings.ToLower(v.Header), query: v.Query, jwksURL: v.JWKSURL, keys: keys, issuer: v.Issuer, audience: v.Audience,
		leeway: time.Duration(v.LeewayMS) * time.Millisecond, bodyHashClaim: v.BodyHashClaim,
	}
	if t.header == "" && t.query == "" {
		t.header = "authorization"
	}
	switch {
	case t.header != "" && t.query != "":
		return nil, unusable("a token comes in a header or in a query parameter, not in either")
	case t.jwksURL != "" && keys == nil:
		return nil, unusable("key sets can not be fetched here, so nothing enters")
	}
	return t, nil
}

func (t *token) marks() Marks { return Marks{Header: t.header, Query: t.query, Prefix: "Bearer "} }

func (t *token) prepare(s *Secret) {
	switch block, _ := pem.Decode(bytes.TrimSpace(s.Value)); {
	case len(bytes.TrimSpace(s.Value)) == 0:
		s.issue = "secret_empty"
	case block != nil:
		// PEM is a public key or nothing: never an HMAC secret, which is what key confusion is about.
		if s.key = publicPEM(block); s.key == nil {
			s.issue = "secret_format"
		}
	case isJWK(s.Value):
		key, ok := parseJWK(s.Value)
		if !ok {
			s.issue = "secret_format"
			return
		}
		s.key = key.key
	default:
		s.key = s.Value
		if encoded, is := strings.CutPrefix(string(s.Value), "whsec_"); is {
			if key, err := decodeBase64(strings.TrimSpace(encoded)); err == nil && len(key) > 0 {
				s.key = key
			}
		}
	}
	if s.key != nil && algorithms(s.key) == nil {
		s.key, s.issue = nil, "secret_format"
	}
}

// algorithms are those that a key may be used by.
func algorithms(key any) []string {
	switch key := key.(type) {
	case []byte:
		return []string{"HS256", "HS384", "HS512"}
	case *rsa.PublicKey:
		if key.N.BitLen() < 1024 || key.N.BitLen() > 8192 {
			return nil
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 256:
			return []string{"ES256"}
		case 384:
			return []string{"ES384"}
		case 521:
			return []string{"ES512"}
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	}
	return nil
}

func (t *token) given(r *Request) (string, *Refusal) {
	c := credentials{kind: "api_key", header: t.header, query: t.query}
	text := ""
	var refused *Refusal
	if t.query != "" {
		text, refused = c.given(r)
	} else if refused = once(r.Header, t.header); refused == nil {
		text, refused = credential(r.Header, t.header, "MH_CREDENTIAL_MISSING", "MH_CREDENTIAL_MALFORMED", maxToken)
	}
	if refused != nil {
		return "", refused
	}
	if len(text) >= 7 && strings.EqualFold(text[:7], "bearer ") {
		text = strings.TrimSpace(text[7:])
	} else if strings.Contains(strings.TrimSpace(text), " ") {
		return "", refuse("MH_CREDENTIAL_MALFORMED", "scheme_other", "the header %s is not of the scheme bearer", t.header).
			with("got", schemeOf(text)).with("expected", "bearer").with("header", t.header)
	}
	return text, nil
}

// head is a token's header, unverified.
type head struct {
	Alg  string          `json:"alg"`
	Kid  string          `json:"kid"`
	Crit json.RawMessage `json:"crit"`
}

func readHead(text string) (h head, refused *Refusal) {
	first, rest, ok := strings.Cut(text, ".")
	malformed := refuse("MH_TOKEN_MALFORMED", "token_malformed", "the token is no JSON Web Token")
	if !ok || strings.Count(rest, ".") != 1 || len(text) > maxToken {
		return h, malformed.with("parts", strings.Count(text, ".")+1)
	}
	raw, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil || json.Unmarshal(raw, &h) != nil {
		return h, malformed.with("parts", 3)
	}
	switch {
	case strings.EqualFold(h.Alg, "none"):
		return h, refuse("MH_TOKEN_ALGORITHM", "token_alg_none", "the token is not signed: its algorithm is none")
	case h.Crit != nil:
		return h, refuse("MH_TOKEN_MALFORMED", "token_critical", "the token has extensions that must be understood, and are not")
	}
	return h, nil
}

func (t *token) check(ctx context.Context, r *Request, secrets []Secret, now time.Time) *Refusal {
	text, refused := t.given(r)
	if refused != nil {
		return refused
	}
	h, refused := readHead(text)
	if refused != nil {
		return refused
	}
	var keys []any
	for i := range secrets {
		if s := &secrets[i]; s.live(now) && s.key != nil {
			keys = append(keys, s.key)
		}
	}
	var away *Refusal
	if t.jwksURL != "" {
		set, refused := t.keys.get(ctx, t.jwksURL, h.Kid)
		if away = refused; away != nil && len(keys) == 0 {
			return away
		}
		named := false
		for _, key := range set {
			if h.Kid == "" || key.id == "" || key.id == h.Kid {
				keys = append(keys, key.key)
				named = true
			}
		}
		if len(set) > 0 && !named && len(keys) == 0 {
			return refuse("MH_TOKEN_KEY", "token_key_unknown", "the key set has no key named as the token says").with("kid", short(h.Kid, 60)).with("jwks_url", t.jwksURL)
		}
	} else if refused := noSecret(secrets, now); refused != nil {
		return refused
	}
	refused = t.judge(text, h, keys, r.Body, now)
	if refused != nil && away != nil {
		return away // with the keys that could not be fetched it might be a good one
	}
	return refused
}

// judge checks a token by keys of which one must fit.
func (t *token) judge(text string, h head, keys []any, body []byte, now time.Time) *Refusal {
	var usable []jwt.VerificationKey
	symmetric := strings.HasPrefix(h.Alg, "HS")
	asymmetricKeys := false
	for _, key := range keys {
		_, secret := key.([]byte)
		asymmetricKeys = asymmetricKeys || !secret
		if slices.Contains(algorithms(key), h.Alg) {
			usable = append(usable, key)
		}
	}
	if len(usable) == 0 {
		if symmetric && asymmetricKeys {
			return refuse("MH_TOKEN_ALGORITHM", "token_alg_confusion", "the token is signed by a shared secret, the endpoint has a public key").with("alg", short(h.Alg, 20))
		}
		return refuse("MH_TOKEN_ALGORITHM", "token_alg_key", "the endpoint has no key for the algorithm of the token").with("alg", short(h.Alg, 20))
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{h.Alg}), jwt.WithLeeway(t.leeway), jwt.WithTimeFunc(func() time.Time { return now }),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
	}
	if t.issuer != "" {
		options = append(options, jwt.WithIssuer(t.issuer))
	}
	if t.audience != "" {
		options = append(options, jwt.WithAudience(t.audience))
	}
	claims := jwt.MapClaims{}
	_, err := jwt.NewParser(options...).ParseWithClaims(text, claims, func(*jwt.Token) (any, error) {
		return jwt.VerificationKeySet{Keys: usable}, nil
	})
	if err != nil {
		return t.refusal(err, h, claims, now)
	}
	return t.checkBody(claims, body)
}

func (t *token) refusal(err error, h head, claims jwt.MapClaims, now time.Time) *Refusal {
	text := func(name string) string {
		raw, _ := json.Marshal(claims[name])
		return short(strings.Trim(string(raw), `"`), 200)
	}
	at := func(name string) time.Time {
		if date, err := map[string]func() (*jwt.NumericDate, error){
			"exp": claims.GetExpirationTime, "nbf": claims.GetNotBefore, "iat": claims.GetIssuedAt,
		}[name](); err == nil && date != nil {
			return date.Time
		}
		return time.Time{}
	}
	timed := func(r *Refusal, name string) *Refusal {
		return r.with("claim", name).with("claim_at", at(name).UTC().Format(time.RFC3339)).
			with("clock_ms", now.Sub(at(name)).Milliseconds()).with("leeway_ms", t.leeway.Milliseconds())
	}
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed), errors.Is(err, jwt.ErrInvalidType):
		return refuse("MH_TOKEN_MALFORMED", "token_malformed", "the token is no JSON Web Token").with("parts", 3)
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return refuse("MH_TOKEN_SIGNATURE", "token_signature", "the token was signed by no key of this endpoint").with("alg", short(h.Alg, 20)).with("kid", short(h.Kid, 60))
	case errors.Is(err, jwt.ErrTokenExpired):
		return timed(refuse("MH_TOKEN_EXPIRED", "token_expired", "the token expired %s ago", now.Sub(at("exp")).Round(time.Second)), "exp")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return timed(refuse("MH_TOKEN_NOT_YET", "token_not_yet", "the token is not valid yet"), "nbf")
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return timed(refuse("MH_TOKEN_NOT_YET", "token_issued_ahead", "the token was issued ahead of this clock"), "iat")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return refuse("MH_TOKEN_ISSUER", "token_issuer", "the token is from another issuer").with("got", text("iss")).with("expected", t.issuer)
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return refuse("MH_TOKEN_AUDIENCE", "token_audience", "the token is for another audience").with("got", text("aud")).with("expected", t.audience)
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		missing := "exp"
		for _, name := range []string{"exp", "iss", "aud"} {
			if _, ok := claims[name]; !ok && (name == "exp" || name == "iss" && t.issuer != "" || name == "aud" && t.audience != "") {
				missing = name
				break
			}
		}
		return refuse("MH_TOKEN_CLAIM", "token_claim_missing", "the token has no %s", missing).with("claim", missing)
	}
	return refuse("MH_TOKEN_MALFORMED", "token_malformed", "the token can not be read").with("parts", 3)
}

// checkBody compares the hash of the body that a claim holds, when the endpoint asks for it.
func (t *token) checkBody(claims jwt.MapClaims, body []byte) *Refusal {
	if t.bodyHashClaim == "" {
		return nil
	}
	given, _ := claims[t.bodyHashClaim].(string)
	if given == "" {
		return refuse("MH_TOKEN_CLAIM", "token_claim_missing", "the token has no %s", t.bodyHashClaim).with("claim", t.bodyHashClaim)
	}
	sum := sha256.Sum256(body)
	want := hashHex(body)
	if alike(strings.ToLower(given), want) || alike(given, base64.StdEncoding.EncodeToString(sum[:])) ||
		alike(strings.TrimRight(given, "="), base64.RawURLEncoding.EncodeToString(sum[:])) {
		return nil
	}
	return refuse("MH_TOKEN_BODY", "token_body", "the hash in the token is not that of the body").
		with("claim", t.bodyHashClaim).with("got_hash", strings.ToValidUTF8(given[:min(12, len(given))], "")).with("hash", want[:12])
}

func (t *token) explain(r *Request, secrets []Secret, now time.Time, refused *Refusal) {
	if t.header != "" && refused.Trace["header"] == nil {
		refused.with("header", t.header)
	}
	text, problem := t.given(r)
	if problem != nil {
		return
	}
	if refused.Trace["got"] == nil {
		refused.with("got", mask(text))
	}
	if refused.Why() != "token_signature" && refused.Why() != "token_alg_key" && refused.Why() != "secret_none" {
		return
	}
	h, problem := readHead(text)
	if problem != nil {
		return
	}
	for i := range secrets {
		s := &secrets[i]
		if s.key == nil || s.live(now) {
			continue
		}
		if other := t.judge(text, h, []any{s.key}, r.Body, now); other == nil {
			outdated(s, now, refused)
			return
		}
	}
	for i := range secrets {
		// Some senders take the bytes that a base64 secret stands for.
		if value, ok := secrets[i].key.([]byte); ok && secrets[i].live(now) {
			if key, err := decodeBase64(string(value)); err == nil && t.judge(text, h, []any{key}, r.Body, now) == nil {
				refused.about(&secrets[i]).because("secret_decoded", "the signature fits if the secret is decoded from base64 first")
				return
			}
		}
	}
}

func (t *token) sign(r *Request, secret *Secret, id string, now time.Time) error {
	claims := jwt.MapClaims{"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": id}
	if t.issuer != "" {
		claims["iss"] = t.issuer
	}
	if t.audience != "" {
		claims["aud"] = t.audience
	}
	if t.bodyHashClaim != "" {
		claims[t.bodyHashClaim] = hashHex(r.Body)
	}
	var method jwt.SigningMethod = jwt.SigningMethodHS256
	var key any = secret.key
	if _, symmetric := secret.key.([]byte); !symmetric {
		signer := privateKey(secret.Value)
		if signer == nil {
			return errNoPrivateKey
		}
		public := signer.Public()
		names := algorithms(public)
		if names == nil {
			return errNoPrivateKey
		}
		method, key = jwt.GetSigningMethod(names[0]), crypto.PrivateKey(signer)
	}
	text, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		return err
	}
	switch {
	case t.query != "":
		u, err := url.Parse(r.URL)
		if err != nil {
			return err
		}
		query := u.Query()
		query.Set(t.query, text)
		u.RawQuery = query.Encode()
		r.URL = u.String()
	case t.header == "authorization":
		requestHeader(r).Set("Authorization", "Bearer "+text)
	default:
		requestHeader(r).Set(t.header, text)
	}
	return nil
}
