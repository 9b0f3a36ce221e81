package door

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/profullstack/meshhook/api/door/signature"
)

// greeting is the answer to a sender that wants to know who is there before it sends anything.
type greeting struct {
	contentType string
	body        []byte
	message     string // for the request log
}

func (g *greeting) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", g.contentType)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(g.body)
}

// longestChallenge bounds what is repeated to a sender.
const longestChallenge = 4 << 10

// greets tells whether the request is a handshake that comes by a method of its own.
func (ep *endpoint) greets(r *http.Request) bool {
	return ep.verify != nil && ep.verify.Spec.Handshake == "meta" && r.Method == http.MethodGet && r.URL.Query().Has("hub.challenge")
}

// metaChallenge answers a subscription: it carries no signature but a word that was agreed on, which is one of the secrets.
func metaChallenge(query url.Values, secrets []signature.Secret, now time.Time) (*greeting, *signature.Refusal) {
	challenge := query.Get("hub.challenge")
	words, refusal := (signature.Spec{Kind: "api_key", Query: "hub.verify_token"}).Ready(nil)
	if refusal == nil {
		// The same values, prepared for another comparison.
		plain := make([]signature.Secret, len(secrets))
		for i, s := range secrets {
			plain[i] = signature.Secret{ID: s.ID, Value: s.Value, From: s.From, Until: s.Until}
		}
		refusal = words.Check(context.Background(), &signature.Request{URL: "/?" + query.Encode()}, plain, now)
	}
	if refusal != nil {
		return nil, refusal
	}
	if len(challenge) > longestChallenge {
		challenge = challenge[:longestChallenge]
	}
	return &greeting{"text/plain; charset=utf-8", []byte(challenge), "hub.challenge was answered"}, nil
}

// handshake is the answer to a verified request that is one; nil when it is not.
func handshake(kind string, r *http.Request, body []byte) *greeting {
	switch kind {
	case "slack":
		var asked struct {
			Type      string `json:"type"`
			Challenge string `json:"challenge"`
		}
		if json.Unmarshal(body, &asked) == nil && asked.Type == "url_verification" && len(asked.Challenge) <= longestChallenge {
			out := appendString([]byte(`{"challenge":`), asked.Challenge)
			return &greeting{"application/json", append(out, '}'), "url_verification was answered"}
		}
	case "discord":
		var asked struct {
			Type int `json:"type"`
		}
		if json.Unmarshal(body, &asked) == nil && asked.Type == 1 {
			return &greeting{"application/json", []byte(`{"type":1}`), "a ping was answered"}
		}
	case "microsoft":
		if token := r.URL.Query().Get("validationToken"); token != "" && len(token) <= longestChallenge {
			return &greeting{"text/plain; charset=utf-8", []byte(token), "validationToken was answered"}
		}
	}
	return nil
}
