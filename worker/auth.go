package worker

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// auth is what a node says about how it identifies itself, secrets filled in.
type auth struct {
	Type         string `json:"type"`
	Username     string `json:"username"`
	Password     string `json:"password"`
	Token        string `json:"token"`
	Name         string `json:"name"`
	Value        string `json:"value"`
	In           string `json:"in"`
	TokenURL     string `json:"token_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Scope        string `json:"scope"`
}

// authorize adds the credentials to the request. What it derives from secrets goes to the scrubber too.
// fresh asks for a token that no cache holds.
func (c *Caller) authorize(ctx context.Context, item *Item, raw json.RawMessage, request *http.Request, scrub *scrubber, fresh bool) error {
	if isNull(raw) {
		return nil
	}
	var a auth
	if err := json.Unmarshal(raw, &a); err != nil {
		return failf("internal", "MH_CALL_AUTH", "the node's auth can not be read")
	}
	switch a.Type {
	case "", "none":
	case "basic":
		request.SetBasicAuth(a.Username, a.Password)
		scrub.add(a.Password)
		scrub.add(strings.TrimPrefix(request.Header.Get("Authorization"), "Basic "))
	case "bearer":
		request.Header.Set("Authorization", "Bearer "+a.Token)
	case "api_key":
		if a.In == "query" {
			query := request.URL.Query()
			query.Set(a.Name, a.Value)
			request.URL.RawQuery = query.Encode()
			break
		}
		request.Header.Set(a.Name, a.Value)
	case "oauth2_client_credentials":
		token, err := c.token(ctx, item, &a, scrub, fresh)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	default:
		return failf("internal", "MH_CALL_AUTH", "this version knows no auth of type %q", a.Type)
	}
	return nil
}

// tokenCache keeps access tokens until shortly before they expire.
type tokenCache struct {
	mu     sync.Mutex
	tokens map[tokenKey]cachedToken
}

type tokenKey struct {
	project            int32
	url, client, scope string
	secret             [sha256.Size]byte
}

type cachedToken struct {
	value string
	until time.Time
}

func (t *tokenCache) get(key tokenKey) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	token, ok := t.tokens[key]
	if !ok || time.Now().After(token.until) {
		return "", false
	}
	return token.value, true
}

func (t *tokenCache) put(key tokenKey, token cachedToken) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tokens == nil || len(t.tokens) >= 10_000 {
		t.tokens = map[tokenKey]cachedToken{}
	}
	t.tokens[key] = token
}

// token is an access token by the client credentials grant (RFC 6749, section 4.4), from the cache or the token endpoint.
func (c *Caller) token(ctx context.Context, item *Item, a *auth, scrub *scrubber, fresh bool) (string, error) {
	key := tokenKey{project: item.Project, url: a.TokenURL, client: a.ClientID, scope: a.Scope, secret: sha256.Sum256([]byte(a.ClientSecret))}
	scrub.add(a.ClientSecret)
	if !fresh {
		if token, ok := c.tokens.get(key); ok {
			scrub.add(token)
			return token, nil
		}
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if a.Scope != "" {
		form.Set("scope", a.Scope)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.TokenURL, strings.NewReader(form.Encode()))
	if err != nil || request.URL.Host == "" || request.URL.Scheme != "http" && request.URL.Scheme != "https" {
		return "", failf("secret", "MH_CALL_TOKEN_URL", "the token address is no http or https address")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.agent)
	request.SetBasicAuth(url.QueryEscape(a.ClientID), url.QueryEscape(a.ClientSecret))
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		why := explain(cause(ctx, err), "asking for an access token", item)
		why.Message = "no access token: " + why.Message
		return "", why
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		why := explain(cause(ctx, err), "reading an access token", item)
		why.Message = "no access token: " + why.Message
		return "", why
	}
	if response.StatusCode != http.StatusOK {
		class := "secret"
		if response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests {
			class = "network"
		}
		return "", failf(class, "MH_CALL_TOKEN", "no access token: the token endpoint answered %d", response.StatusCode)
	}
	var answer struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := json.Unmarshal(content, &answer); err != nil || answer.AccessToken == "" {
		return "", failf("secret", "MH_CALL_TOKEN", "no access token: the token endpoint's answer holds none")
	}
	scrub.add(answer.AccessToken)
	life := 5 * time.Minute // when the server does not say
	if seconds, err := answer.ExpiresIn.Float64(); err == nil && seconds >= 0 {
		life = time.Duration(min(seconds, 86400) * float64(time.Second))
	}
	if life -= min(30*time.Second, life/4); life > 0 {
		c.tokens.put(key, cachedToken{value: answer.AccessToken, until: time.Now().Add(life)})
	}
	return answer.AccessToken, nil
}

// sign signs the outgoing body by the Standard Webhooks scheme, version 1: HMAC-SHA256 over id, timestamp and body.
func sign(raw json.RawMessage, id string, body []byte, now time.Time, header http.Header, scrub *scrubber) error {
	if isNull(raw) {
		return nil
	}
	var s struct {
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return failf("internal", "MH_CALL_SIGN", "the node's sign can not be read")
	}
	key := []byte(s.Secret)
	if encoded, ok := strings.CutPrefix(s.Secret, "whsec_"); ok {
		decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
		if err != nil {
			return failf("secret", "MH_CALL_SIGN_SECRET", "the signing secret begins with whsec_ but is not base64 after it")
		}
		key = decoded
		scrub.add(encoded)
	}
	if len(key) == 0 {
		return failf("secret", "MH_CALL_SIGN_SECRET", "the signing secret is empty")
	}
	timestamp := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", timestamp)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return nil
}
