package signature

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// wrong is a request with one thing wrong, and what has to be found.
type wrong struct {
	recipe string
	header http.Header
	body   string
	url    string
	secret string
	// Instead of secret, when there is more to say of it.
	secrets    []Secret
	cause, why string
	status     int // 401 when 0
}

func wrongs(t testing.TB) map[string]wrong {
	const plain, key, body = `{"kind":"hmac","header":"x-sig"}`, "the secret", `{"b": [1, 2],  "a": "x, y: z"}`
	pair := newPair(t)
	at := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	hexOf := func(key, text string) string { return hex.EncodeToString(mac(sha256.New, key, text)) }
	b64 := func(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }
	sig := func(text string) http.Header { return headers("X-Sig", hexOf(key, text)) }
	timed := `{"kind":"hmac","header":"x-sig","signed":"{timestamp}.{body}","timestamp_header":"x-time","tolerance_ms":60000}`
	timedBy := func(stamp string) http.Header { return headers("X-Time", stamp, "X-Sig", hexOf(key, stamp+"."+body)) }
	standard, raw := `{"kind":"standard_webhooks"}`, "0123456789abcdef"
	whsec := "whsec_" + b64([]byte(raw))
	standardBy := func(stamp, key string) http.Header {
		return headers("Webhook-Id", "msg_1", "Webhook-Timestamp", stamp, "Webhook-Signature", "v1,"+b64(mac(sha256.New, key, "msg_1."+stamp+"."+body)))
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	fmt.Fprint(w, body)
	w.Close()
	auth := func(value string) http.Header { return headers("Authorization", value) }
	basic := func(text string) http.Header { return auth("Basic " + b64([]byte(text))) }
	twilio := `{"kind":"hmac","algorithm":"sha1","encoding":"base64","header":"x-sig","signed":"{url}{form}","body_hash_query":"bodySHA256"}`
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := jwt.MapClaims{"iss": "me", "aud": "you", "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix()}
		if change != nil {
			change(c)
		}
		return c
	}
	token := func(c jwt.MapClaims, method jwt.SigningMethod, key any) http.Header {
		text, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return auth("Bearer " + text)
	}
	hs := func(change func(jwt.MapClaims)) http.Header {
		return token(claims(change), jwt.SigningMethodHS256, []byte(key))
	}
	jwtRecipe := `{"kind":"jwt","issuer":"me","audience":"you","leeway_ms":30000}`
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims(nil)).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	critical := jwt.NewWithClaims(jwt.SigningMethodHS256, claims(nil))
	critical.Header["crit"] = []string{"b64"}
	criticalText, err := critical.SignedString([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&pair.rsaKey.PublicKey)}))
	ended := []Secret{{ID: "new", Value: []byte("new")}, {ID: "old", Value: []byte(key), Until: noon}}
	return map[string]wrong{
		"no header":              {recipe: plain, cause: "MH_SIGNATURE_MISSING", why: "header_missing"},
		"empty header":           {recipe: plain, header: headers("X-Sig", " "), cause: "MH_SIGNATURE_MISSING", why: "header_empty"},
		"two headers":            {recipe: plain, header: headers("X-Sig", "00", "X-Sig", "11"), cause: "MH_HEADER_REPEATED", why: "header_repeated"},
		"64 KiB":                 {recipe: plain, header: headers("X-Sig", strings.Repeat("a", 64<<10)), cause: "MH_SIGNATURE_MALFORMED", why: "header_too_long"},
		"no id":                  {recipe: standard, secret: whsec, header: headers("Webhook-Timestamp", at(0), "Webhook-Signature", "v1,AAAA"), cause: "MH_SIGNATURE_MISSING", why: "id_missing"},
		"no prefix":              {recipe: `{"kind":"hmac","header":"x-sig","prefix":"v1="}`, header: sig(body), cause: "MH_SIGNATURE_MALFORMED", why: "prefix_missing"},
		"prefix of sha1":         {recipe: `{"kind":"hmac","header":"x-sig","prefix":"sha256="}`, header: headers("X-Sig", "sha1="+hex.EncodeToString(mac(sha1.New, key, body))), cause: "MH_SIGNATURE_MALFORMED", why: "algorithm_other"},
		"sha1 for sha256":        {recipe: plain, header: headers("X-Sig", hex.EncodeToString(mac(sha1.New, key, body))), cause: "MH_SIGNATURE_MISMATCH", why: "algorithm_other"},
		"sha512 for sha256":      {recipe: plain, header: headers("X-Sig", hex.EncodeToString(mac(sha512.New, key, body))), cause: "MH_SIGNATURE_MISMATCH", why: "algorithm_other"},
		"hex for base64":         {recipe: `{"kind":"hmac","header":"x-sig","encoding":"base64"}`, header: sig(body), cause: "MH_SIGNATURE_MALFORMED", why: "encoding_other"},
		"base64 for hex":         {recipe: plain, header: headers("X-Sig", b64(mac(sha256.New, key, body))), cause: "MH_SIGNATURE_MALFORMED", why: "encoding_other"},
		"half a signature":       {recipe: plain, header: headers("X-Sig", hexOf(key, body)[:32]), cause: "MH_SIGNATURE_MISMATCH", why: "signature_length"},
		"no signature":           {recipe: plain, header: headers("X-Sig", "zz"), cause: "MH_SIGNATURE_MALFORMED", why: "signature_unreadable"},
		"v1a for a whsec":        {recipe: standard, secret: whsec, header: headers("Webhook-Id", "msg_1", "Webhook-Timestamp", at(0), "Webhook-Signature", "v1a,"+b64(make([]byte, 64))), cause: "MH_SIGNATURE_MISMATCH", why: "version_other"},
		"no form":                {recipe: twilio, header: headers("X-Sig", "AAAA", "Content-Type", "application/x-www-form-urlencoded"), body: "a=%zz", cause: "MH_SIGNATURE_MALFORMED", why: "form_unreadable"},
		"no hash of the body":    {recipe: twilio, header: headers("X-Sig", "AAAA"), url: "https://h/hooks/t", cause: "MH_BODY_HASH", why: "body_hash_missing"},
		"other hash of the body": {recipe: twilio, header: headers("X-Sig", "AAAA"), url: "https://h/hooks/t?bodySHA256=00", cause: "MH_BODY_HASH", why: "body_hash_mismatch"},
		"no time":                {recipe: timed, header: sig(body), cause: "MH_TIMESTAMP_MISSING", why: "timestamp_missing"},
		"no time in the list":    {recipe: `{"kind":"hmac","header":"x-sig","prefix":"v1=","signed":"{timestamp}.{body}","timestamp_header":"x-sig"}`, header: headers("X-Sig", "v1="+hexOf(key, body)), cause: "MH_TIMESTAMP_MISSING", why: "timestamp_missing"},
		"no time in the body":    {recipe: `{"kind":"hmac","header":"x-sig","timestamp_field":"at"}`, header: sig(body), cause: "MH_TIMESTAMP_MISSING", why: "timestamp_missing"},
		"old time in the body":   {recipe: `{"kind":"hmac","header":"x-sig","timestamp_field":"at"}`, body: `{"at": 1}`, header: sig(`{"at": 1}`), cause: "MH_TIMESTAMP_STALE", why: "timestamp_stale"},
		"time is a word":         {recipe: timed, header: timedBy("soon"), cause: "MH_TIMESTAMP_INVALID", why: "timestamp_text"},
		"milliseconds":           {recipe: standard, secret: whsec, header: standardBy(strconv.FormatInt(noon.UnixMilli(), 10), raw), cause: "MH_TIMESTAMP_INVALID", why: "timestamp_milliseconds"},
		"microseconds":           {recipe: timed, header: timedBy(strconv.FormatInt(noon.UnixMicro(), 10)), cause: "MH_TIMESTAMP_INVALID", why: "timestamp_fraction"},
		"too old":                {recipe: timed, header: timedBy(at(-61 * time.Second)), cause: "MH_TIMESTAMP_STALE", why: "timestamp_stale"},
		"too early":              {recipe: timed, header: timedBy(at(61 * time.Second)), cause: "MH_TIMESTAMP_FUTURE", why: "timestamp_future"},
		"no secret":              {recipe: plain, header: sig(body), secrets: []Secret{}, cause: "MH_SECRET_NONE", why: "secret_none"},
		"empty secret":           {recipe: plain, header: sig(body), secrets: []Secret{{}}, cause: "MH_SECRET_EMPTY", why: "secret_empty"},
		"sealed secret":          {recipe: plain, header: sig(body), secrets: []Secret{{Sealed: true}}, cause: "MH_SECRET_SEALED", why: "secret_sealed", status: 503},
		"ended secret":           {recipe: plain, header: sig(body), secrets: ended, cause: "MH_SIGNATURE_MISMATCH", why: "secret_expired"},
		"ended secret alone":     {recipe: plain, header: sig(body), secrets: ended[1:], cause: "MH_SECRET_NONE", why: "secret_expired"},
		"coming secret":          {recipe: plain, header: sig(body), secrets: []Secret{{Value: []byte("x")}, {Value: []byte(key), From: noon.Add(time.Hour)}}, cause: "MH_SIGNATURE_MISMATCH", why: "secret_not_yet"},
		"ended whsec":            {recipe: standard, header: standardBy(at(0), raw), secrets: []Secret{{Value: []byte("whsec_AAAA")}, {Value: []byte(whsec), Until: noon}}, cause: "MH_SIGNATURE_MISMATCH", why: "secret_expired"},
		"no prefix of a secret":  {recipe: standard, header: standardBy(at(0), raw), secret: "MDEyMzQ1Njc4OWFiY2RlZg==", cause: "MH_SECRET_FORMAT", why: "secret_prefix"},
		"private for public":     {recipe: `{"kind":"ed25519","header":"x-sig"}`, header: sig(body), secret: pair.whsk, cause: "MH_SECRET_FORMAT", why: "secret_prefix"},
		"no public key":          {recipe: `{"kind":"ed25519","header":"x-sig"}`, header: sig(body), secret: "a password", cause: "MH_SECRET_FORMAT", why: "secret_format"},
		"no key of a curve":      {recipe: `{"kind":"ecdsa","header":"x-sig"}`, header: sig(body), secret: pair.rsaPublic, cause: "MH_SECRET_FORMAT", why: "secret_format"},
		"no user":                {recipe: `{"kind":"basic"}`, header: basic("a:b"), secret: "password", cause: "MH_SECRET_FORMAT", why: "secret_no_user"},
		"blank after a secret":   {recipe: plain, header: sig(body), secret: key + "\n", cause: "MH_SIGNATURE_MISMATCH", why: "secret_whitespace"},
		"secret is base64":       {recipe: plain, header: headers("X-Sig", hexOf(raw, body)), secret: b64([]byte(raw)), cause: "MH_SIGNATURE_MISMATCH", why: "secret_decoded"},
		"secret is hex":          {recipe: plain, header: headers("X-Sig", hexOf(raw, body)), secret: hex.EncodeToString([]byte(raw)), cause: "MH_SIGNATURE_MISMATCH", why: "secret_decoded"},
		"whsec as text":          {recipe: standard, header: standardBy(at(0), whsec), secret: whsec, cause: "MH_SIGNATURE_MISMATCH", why: "secret_prefix_literal"},
		"prefix left out":        {recipe: plain, header: headers("X-Sig", hexOf("bare", body)), secret: "whsec_bare", cause: "MH_SIGNATURE_MISMATCH", why: "secret_prefix_literal"},
		"another secret":         {recipe: plain, header: headers("X-Sig", hexOf("other", body)), cause: "MH_SIGNATURE_MISMATCH", why: "secret_unknown"},
		"newline removed":        {recipe: plain, header: sig(body), body: body + "\n", cause: "MH_SIGNATURE_MISMATCH", why: "newline_removed"},
		"newline added":          {recipe: plain, header: sig(body + "\n"), cause: "MH_SIGNATURE_MISMATCH", why: "newline_added"},
		"line ends":              {recipe: plain, header: sig("a\nb\n"), body: "a\r\nb\r\n", cause: "MH_SIGNATURE_MISMATCH", why: "line_ends"},
		"line ends, reversed":    {recipe: plain, header: sig("a\r\nb\r\n"), body: "a\nb\n", cause: "MH_SIGNATURE_MISMATCH", why: "line_ends"},
		"byte order mark":        {recipe: plain, header: sig(body), body: "\xef\xbb\xbf" + body, cause: "MH_SIGNATURE_MISMATCH", why: "byte_order_mark"},
		"blanks around":          {recipe: plain, header: sig(body), body: "  " + body + " ", cause: "MH_SIGNATURE_MISMATCH", why: "whitespace"},
		"compact":                {recipe: plain, header: sig(`{"b":[1,2],"a":"x, y: z"}`), cause: "MH_SIGNATURE_MISMATCH", why: "body_reencoded"},
		"sorted":                 {recipe: plain, header: sig(`{"a":"x, y: z","b":[1,2]}`), cause: "MH_SIGNATURE_MISMATCH", why: "body_reencoded"},
		"spaced":                 {recipe: plain, header: sig(`{"b": [1, 2], "a": "x, y: z"}`), cause: "MH_SIGNATURE_MISMATCH", why: "body_reencoded"},
		"sorted and spaced":      {recipe: plain, header: sig(`{"a": "x, y: z", "b": [1, 2]}`), cause: "MH_SIGNATURE_MISMATCH", why: "body_reencoded"},
		"compressed after":       {recipe: plain, header: sig(body), body: zipped.String(), cause: "MH_SIGNATURE_MISMATCH", why: "body_decompressed"},
		"empty when signed":      {recipe: plain, header: sig(""), cause: "MH_SIGNATURE_MISMATCH", why: "body_empty"},
		"time not signed":        {recipe: timed, header: headers("X-Time", at(0), "X-Sig", hexOf(key, body)), cause: "MH_SIGNATURE_MISMATCH", why: "body_alone"},
		"https before a proxy":   {recipe: `{"kind":"hmac","header":"x-sig","signed":"{url}|{body}"}`, url: "http://h/hooks/t", header: sig("https://h/hooks/t|" + body), cause: "MH_SIGNATURE_MISMATCH", why: "url_other"},
		"host before a proxy": {
			recipe: `{"kind":"hmac","header":"x-sig","signed":"{url}|{body}"}`, url: "http://inside:8080/hooks/t", cause: "MH_SIGNATURE_MISMATCH", why: "url_other",
			header: headers("X-Sig", hexOf(key, "https://outside.example/hooks/t|"+body), "X-Forwarded-Host", "outside.example"),
		},
		"no key":                {recipe: `{"kind":"api_key","header":"x-key"}`, cause: "MH_CREDENTIAL_MISSING", why: "header_missing"},
		"no key in the query":   {recipe: `{"kind":"api_key","query":"key"}`, url: "https://h/?x=1", cause: "MH_CREDENTIAL_MISSING", why: "query_missing"},
		"two keys in the query": {recipe: `{"kind":"api_key","query":"key"}`, url: "https://h/?key=1&key=2", cause: "MH_CREDENTIAL_MALFORMED", why: "query_repeated"},
		"no query":              {recipe: `{"kind":"api_key","query":"key"}`, url: "https://h/?key=%zz", cause: "MH_CREDENTIAL_MALFORMED", why: "query_unreadable"},
		"wrong key":             {recipe: `{"kind":"api_key","header":"x-key"}`, header: headers("X-Key", "other"), cause: "MH_CREDENTIAL_WRONG", why: "credential_wrong"},
		"ended key":             {recipe: `{"kind":"api_key","header":"x-key"}`, header: headers("X-Key", key), secrets: ended, cause: "MH_CREDENTIAL_WRONG", why: "secret_expired"},
		"key and blank":         {recipe: `{"kind":"api_key","header":"x-key"}`, header: headers("X-Key", key), secret: key + "\n", cause: "MH_CREDENTIAL_WRONG", why: "credential_whitespace"},
		"key in capitals":       {recipe: `{"kind":"api_key","header":"x-key"}`, header: headers("X-Key", strings.ToUpper(key)), cause: "MH_CREDENTIAL_WRONG", why: "credential_case"},
		"bearer for a key":      {recipe: `{"kind":"api_key","header":"authorization"}`, header: auth("Bearer " + key), cause: "MH_CREDENTIAL_WRONG", why: "credential_prefixed"},
		"no bearer":             {recipe: `{"kind":"bearer"}`, cause: "MH_CREDENTIAL_MISSING", why: "header_missing"},
		"nothing after bearer":  {recipe: `{"kind":"bearer"}`, header: auth("Bearer "), cause: "MH_CREDENTIAL_MISSING", why: "header_empty"},
		"basic for bearer":      {recipe: `{"kind":"bearer"}`, header: basic("a:b"), cause: "MH_CREDENTIAL_MALFORMED", why: "scheme_other"},
		"bare for bearer":       {recipe: `{"kind":"bearer"}`, header: auth(key), cause: "MH_CREDENTIAL_MALFORMED", why: "scheme_other"},
		"no base64":             {recipe: `{"kind":"basic"}`, secret: "u:p", header: auth("Basic u:p"), cause: "MH_CREDENTIAL_MALFORMED", why: "basic_unreadable"},
		"wrong user":            {recipe: `{"kind":"basic"}`, secret: "user:pass", header: basic("other:pass"), cause: "MH_CREDENTIAL_WRONG", why: "user_wrong"},
		"wrong password":        {recipe: `{"kind":"basic"}`, secret: "user:pass", header: basic("user:other"), cause: "MH_CREDENTIAL_WRONG", why: "password_wrong"},
		"no token":              {recipe: jwtRecipe, cause: "MH_CREDENTIAL_MISSING", why: "header_missing"},
		"two parts":             {recipe: jwtRecipe, header: auth("Bearer a.b"), cause: "MH_TOKEN_MALFORMED", why: "token_malformed"},
		"critical":              {recipe: jwtRecipe, header: auth("Bearer " + criticalText), cause: "MH_TOKEN_MALFORMED", why: "token_critical"},
		"none":                  {recipe: jwtRecipe, header: auth("Bearer " + none), cause: "MH_TOKEN_ALGORITHM", why: "token_alg_none"},
		"confusion": {
			recipe: jwtRecipe, secret: pair.rsaPublic, header: token(claims(nil), jwt.SigningMethodHS256, []byte(pair.rsaPublic)),
			cause: "MH_TOKEN_ALGORITHM", why: "token_alg_confusion",
		},
		"confusion, PKCS #1": {
			recipe: jwtRecipe, secret: certificate, header: token(claims(nil), jwt.SigningMethodHS512, []byte(certificate)),
			cause: "MH_TOKEN_ALGORITHM", why: "token_alg_confusion",
		},
		"another kind of key": {recipe: jwtRecipe, secret: pair.rsaPublic, header: token(claims(nil), jwt.SigningMethodES256, crypto.PrivateKey(pair.ecdsaKey)), cause: "MH_TOKEN_ALGORITHM", why: "token_alg_key"},
		"another key":         {recipe: jwtRecipe, header: token(claims(nil), jwt.SigningMethodHS256, []byte("other")), cause: "MH_TOKEN_SIGNATURE", why: "token_signature"},
		"ended key of tokens": {recipe: jwtRecipe, header: hs(nil), secrets: ended, cause: "MH_TOKEN_SIGNATURE", why: "secret_expired"},
		"base64 key":          {recipe: jwtRecipe, secret: b64([]byte(raw)), header: token(claims(nil), jwt.SigningMethodHS256, []byte(raw)), cause: "MH_TOKEN_SIGNATURE", why: "secret_decoded"},
		"expired by 31 s":     {recipe: jwtRecipe, header: hs(func(c jwt.MapClaims) { c["exp"] = noon.Add(-31 * time.Second).Unix() }), cause: "MH_TOKEN_EXPIRED", why: "token_expired"},
		"not yet":             {recipe: jwtRecipe, header: hs(func(c jwt.MapClaims) { c["nbf"] = noon.Add(31 * time.Second).Unix() }), cause: "MH_TOKEN_NOT_YET", why: "token_not_yet"},
		"issued ahead":        {recipe: jwtRecipe, header: hs(func(c jwt.MapClaims) { c["iat"] = noon.Add(31 * time.Second).Unix() }), cause: "MH_TOKEN_NOT_YET", why: "token_issued_ahead"},
		"another issuer":      {recipe: jwtRecipe, header: hs(func(c jwt.MapClaims) { c["iss"] = "them" }), cause: "MH_TOKEN_ISSUER", why: "token_issuer"},
		"another audience":    {recipe: jwtRecipe, header: hs(func(c jwt.MapClaims) { c["aud"] = []string{"a", "b"} }), cause: "MH_TOKEN_AUDIENCE", why: "token_audience"},
		"no end":              {recipe: jwtRecipe, header: hs(func(c jwt.MapClaims) { delete(c, "exp") }), cause: "MH_TOKEN_CLAIM", why: "token_claim_missing"},
		"no hash in a token":  {recipe: `{"kind":"jwt","body_hash_claim":"h"}`, header: hs(nil), cause: "MH_TOKEN_CLAIM", why: "token_claim_missing"},
		"other hash in a token": {
			recipe: `{"kind":"jwt","body_hash_claim":"h"}`, header: hs(func(c jwt.MapClaims) { c["h"] = hashHex([]byte("other")) }),
			cause: "MH_TOKEN_BODY", why: "token_body",
		},
	}
}

// ready fills in what a case does not say.
func (c *wrong) ready() ([]Secret, *Request) {
	const key, body = "the secret", `{"b": [1, 2],  "a": "x, y: z"}`
	if c.body == "" {
		c.body = body
	}
	if c.url == "" {
		c.url = "https://h/hooks/t"
	}
	if c.secrets == nil {
		if c.secret == "" {
			c.secret = key
		}
		c.secrets = []Secret{{ID: "one", Value: []byte(c.secret)}}
	}
	if c.header == nil {
		c.header = http.Header{}
	}
	return c.secrets, &Request{Method: "POST", URL: c.url, Header: c.header, Body: []byte(c.body)}
}

// Each thing that can be wrong is found, and named in the trace; nothing in a trace is a secret.
func TestExplains(t *testing.T) {
	for name, c := range wrongs(t) {
		t.Run(name, func(t *testing.T) {
			secrets, r := c.ready()
			v := ready(t, c.recipe)
			refused := v.Check(t.Context(), r, secrets, noon)
			if refused == nil {
				t.Fatal("it entered")
			}
			v.Explain(r, secrets, noon, refused)
			if refused.Cause != c.cause || refused.Why() != c.why {
				t.Errorf("got %s %s, want %s %s: %v", refused.Cause, refused.Why(), c.cause, c.why, refused.Trace)
			}
			if c.status == 0 {
				c.status = 401
			}
			if refused.Status != c.status {
				t.Errorf("status %d", refused.Status)
			}
			text, err := json.Marshal(refused.Trace)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range secrets {
				if len(s.Value) > 6 && (bytes.Contains(text, s.Value) || strings.Contains(refused.Message, string(s.Value))) {
					t.Errorf("the secret stands in %s or %s", text, refused.Message)
				}
			}
			if refused.Message == "" || strings.Contains(refused.Message, "%!") {
				t.Errorf("message %q", refused.Message)
			}
		})
	}
}

var word = regexp.MustCompile(`(?m)^  \('([a-z0-9_]+)',`)

// Every reason that SQL has words for is one that a test brings about, and the other way round.
func TestEveryReasonHasWords(t *testing.T) {
	text, err := os.ReadFile("../../../sql/engine/door/explain_words.sql")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, m := range word.FindAllStringSubmatch(string(text), -1) {
		known = append(known, m[1])
	}
	// Brought about by tests of their own: what key sets do, and a verification that is none.
	brought := []string{"token_key_unknown", "jwks_unreachable", "jwks_slow", "jwks_too_large", "jwks_invalid", "jwks_status", "jwks_forbidden", "recipe_unusable"}
	for _, c := range wrongs(t) {
		brought = append(brought, c.why)
	}
	slices.Sort(brought)
	brought = slices.Compact(brought)
	slices.Sort(known)
	for _, why := range brought {
		if !slices.Contains(known, why) {
			t.Errorf("there are no words for %s", why)
		}
	}
	for _, why := range known {
		if !slices.Contains(brought, why) {
			t.Errorf("no test brings about %s", why)
		}
	}
	if len(brought) < 25 {
		t.Errorf("%d reasons", len(brought))
	}
}

// A closer look has its bounds, whatever is sent.
func TestExplainIsBounded(t *testing.T) {
	v := ready(t, `{"kind":"hmac","header":"x-sig"}`)
	var secrets []Secret
	for n := range 50 {
		secrets = append(secrets, Secret{ID: "one", Value: []byte(fmt.Sprint("secret ", n))})
	}
	for _, size := range []int{0, 100, mostExplained, mostExplained + 1} {
		r := &Request{URL: "https://h/", Header: headers("X-Sig", hex.EncodeToString(mac(sha256.New, "other", "x"))), Body: bytes.Repeat([]byte("[1],\n"), size/5)}
		refused := v.Check(t.Context(), r, secrets, noon)
		v.Explain(r, secrets, noon, refused)
		if refused.Why() != "secret_unknown" || (refused.Trace["unexplored"] == nil) != (size == 0) || len(refused.Trace["secrets"].([]map[string]any)) != 20 {
			t.Errorf("%d bytes: %v", size, refused.Trace)
		}
	}
}
