// Package signature is the one place that knows how a webhook proves where it comes from: the door checks by it and the
// command line signs by it. What it finds wrong it states as facts (a trace); SQL puts them into words.
package signature

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Spec is endpoints.verify as it is written, or part of it, its preset resolved; "" stands for a default.
type Spec struct {
	Kind      string `json:"kind"`
	Preset    string `json:"preset"`    // the preset that it comes from, for people
	Handshake string `json:"handshake"` // slack, discord, microsoft, meta

	// hmac, ed25519, ecdsa; header is api_key's and jwt's too, tolerance that of standard_webhooks
	Algorithm       string `json:"algorithm"`
	Header          string `json:"header"`
	Encoding        string `json:"encoding"`
	Prefix          string `json:"prefix"`
	Signed          string `json:"signed"`
	TimestampHeader string `json:"timestamp_header"`
	TimestampKey    string `json:"timestamp_key"`   // in a list such as t=1,v1=ab
	Separator       string `json:"separator"`       // of that list, when we sign
	TimestampField  string `json:"timestamp_field"` // in the signed JSON body
	IDHeader        string `json:"id_header"`
	BodyHashQuery   string `json:"body_hash_query"` // query parameter with the hash of a body that is no form
	ToleranceMS     int64  `json:"tolerance_ms"`

	HeaderPrefix string `json:"header_prefix"` // standard_webhooks
	Query        string `json:"query"`         // api_key, jwt: the parameter that carries it

	// jwt
	JWKSURL       string `json:"jwks_url"`
	Issuer        string `json:"issuer"`
	Audience      string `json:"audience"`
	LeewayMS      int64  `json:"leeway_ms"`
	BodyHashClaim string `json:"body_hash_claim"`
}

// Request is what is verified.
type Request struct {
	Method string
	URL    string // as the sender called it
	Header http.Header
	Body   []byte
}

// Verification is how an endpoint's requests are verified, ready to be used.
type Verification struct {
	Spec   Spec
	Marks  Marks
	scheme scheme // nil: kind none
}

// Marks are the places of a request that a verification reads; header names are in lower case.
type Marks struct {
	Header          string // carries the credential
	Prefix          string // what stands before it
	TimestampHeader string
	IDHeader        string
	Query           string // parameter that carries the credential
}

// scheme is one way to verify.
type scheme interface {
	marks() Marks
	// prepare makes of a secret's value what check needs, once.
	prepare(s *Secret)
	// check is nil for a request that may enter. It costs as little as it can.
	check(ctx context.Context, r *Request, secrets []Secret, now time.Time) *Refusal
	// explain finds out more about a refusal, at the price of several checks.
	explain(r *Request, secrets []Secret, now time.Time, refused *Refusal)
	// sign sets the headers, or the URL, by which check lets the request in.
	sign(r *Request, secret *Secret, id string, now time.Time) error
}

// Parse reads endpoints.verify. What can not be used is refused, so that nothing enters by mistake; only kind "none", by
// name, verifies nothing. keys fetches key sets for kind jwt; nil: there are none.
func Parse(raw json.RawMessage, keys *KeySets) (*Verification, *Refusal) {
	var spec Spec
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, unusable("the endpoint's verification can not be read")
	}
	return spec.Ready(keys)
}

// Ready makes a spec ready to be used.
func (spec Spec) Ready(keys *KeySets) (*Verification, *Refusal) {
	var s scheme
	var refused *Refusal
	switch spec.Kind {
	case "none":
		return &Verification{Spec: spec}, nil
	case "hmac", "ed25519", "ecdsa":
		s, refused = newRecipe(spec)
	case "standard_webhooks":
		s = newStandard(spec)
	case "basic", "bearer", "api_key":
		s, refused = newCredential(spec)
	case "jwt":
		s, refused = newToken(spec, keys)
	default:
		return nil, unusable("this door does not know how to verify %q, so nothing enters", spec.Kind)
	}
	if refused != nil {
		return nil, refused
	}
	return &Verification{Spec: spec, Marks: s.marks(), scheme: s}, nil
}

// Verifies tells whether anything is verified at all.
func (v *Verification) Verifies() bool { return v.scheme != nil }

// Prepare makes secrets ready for Check, which is then quicker.
func (v *Verification) Prepare(secrets []Secret) []Secret {
	if v.scheme == nil || len(secrets) == 0 || secrets[0].ready {
		return secrets
	}
	ready := make([]Secret, len(secrets))
	for i, s := range secrets {
		if v.scheme.prepare(&s); s.Sealed {
			s.key, s.issue = nil, "secret_sealed"
		}
		s.ready = true
		ready[i] = s
	}
	return ready
}

// Check tells whether the request proves where it comes from: nil, or why not.
func (v *Verification) Check(ctx context.Context, r *Request, secrets []Secret, now time.Time) *Refusal {
	if v.scheme == nil {
		return nil
	}
	return v.scheme.check(ctx, r, v.Prepare(secrets), now)
}

// mostExplained is the length of the longest body that is looked at more closely after a refusal.
const mostExplained = 1 << 20

// Explain adds to a refusal of Check what a closer look finds. It costs many times a check; Check's refusal stays one.
func (v *Verification) Explain(r *Request, secrets []Secret, now time.Time, refused *Refusal) {
	if v.scheme == nil {
		return
	}
	secrets = v.Prepare(secrets)
	refused.with("kind", v.Spec.Kind)
	if v.Spec.Preset != "" {
		refused.with("preset", v.Spec.Preset)
	}
	list := []map[string]any{}
	for i := range secrets {
		if s := &secrets[i]; s.ID != "" && len(list) < 20 {
			list = append(list, map[string]any{"id": s.ID, "state": s.state(now)})
		}
	}
	refused.with("secrets", list)
	refused.with("body_bytes", len(r.Body))
	v.scheme.explain(r, secrets, now, refused)
}

// Misfit says why a value can not be a secret of this verification; "" when it can.
func (v *Verification) Misfit(value []byte) string {
	if v.scheme == nil {
		return "it verifies nothing"
	}
	s := Secret{Value: value}
	v.scheme.prepare(&s)
	switch s.issue {
	case "":
		return ""
	case "secret_empty":
		return "it is empty"
	case "secret_no_user":
		return "it is no pair user:password"
	case "secret_prefix":
		return "it has the wrong prefix: Standard Webhooks secrets begin with whsec_, public keys with whpk_, and a private key (whsk_) stays with the sender"
	}
	return "it is not the kind of key that is needed (docs/definition.md, Endpoints)"
}

// Sign sets what the verification asks for, made with the secret for this moment. For some kinds it changes r.URL.
func (v *Verification) Sign(r *Request, secret []byte, id string, now time.Time) error {
	if v.scheme == nil {
		return nil
	}
	if len(secret) == 0 {
		return errors.New("there is no secret to sign with")
	}
	s := Secret{Value: secret}
	v.scheme.prepare(&s)
	return v.scheme.sign(r, &s, id, now)
}

// Secret is a secret with the time in which it counts.
type Secret struct {
	ID          string // as the database knows it
	Value       []byte
	From, Until time.Time // zero: open
	Sealed      bool      // it could not be opened, so there is no value

	ready bool
	key   any    // what the scheme made of the value; nil when it can not be used
	issue string // why not
}

func (s *Secret) live(now time.Time) bool {
	return (s.From.IsZero() || !now.Before(s.From)) && (s.Until.IsZero() || now.Before(s.Until))
}

func (s *Secret) state(now time.Time) string {
	switch {
	case s.live(now) && s.issue != "":
		return s.issue
	case s.live(now):
		return "live"
	case !s.Until.IsZero() && !now.Before(s.Until):
		return "ended " + s.Until.UTC().Format(time.RFC3339)
	}
	return "begins " + s.From.UTC().Format(time.RFC3339)
}

// Refusal is why a request does not enter.
type Refusal struct {
	Cause   string // stable code
	Message string // for the caller
	Status  int    // HTTP status
	Trace   map[string]any
}

// Why is the finer reason, one of those that SQL has words for.
func (r *Refusal) Why() string { why, _ := r.Trace["why"].(string); return why }

func (r *Refusal) with(name string, value any) *Refusal {
	r.Trace[name] = value
	return r
}

// because replaces the reason by a better one.
func (r *Refusal) because(why, format string, args ...any) *Refusal {
	r.Message = fmt.Sprintf(format, args...)
	return r.with("why", why)
}

func refuse(cause, why, format string, args ...any) *Refusal {
	return &Refusal{Cause: cause, Message: fmt.Sprintf(format, args...), Status: http.StatusUnauthorized, Trace: map[string]any{"why": why}}
}

func unusable(format string, args ...any) *Refusal {
	return refuse("MH_VERIFY_KIND", "recipe_unusable", format, args...)
}

// noSecret is the refusal when there is no secret that could be tried, nil when there is one.
func noSecret(secrets []Secret, now time.Time) *Refusal {
	live, usable, issue := 0, 0, ""
	for i := range secrets {
		if s := &secrets[i]; s.live(now) {
			live++
			if s.issue == "" {
				usable++
			} else if issue == "" || issue == "secret_empty" {
				issue = s.issue
			}
		}
	}
	switch {
	case usable > 0:
		return nil
	case live == 0:
		return refuse("MH_SECRET_NONE", "secret_none", "the endpoint has no live secret; add one with: meshhook endpoint secret add")
	case issue == "secret_sealed":
		refused := refuse("MH_SECRET_SEALED", issue, "the endpoint's secret can not be opened by this server")
		refused.Status = http.StatusServiceUnavailable
		return refused
	case issue == "secret_empty":
		return refuse("MH_SECRET_EMPTY", issue, "the endpoint's secret is empty; add another with: meshhook endpoint secret add")
	}
	return refuse("MH_SECRET_FORMAT", issue, "the endpoint's secret is not what its verification needs; add another with: meshhook endpoint secret add")
}

// once refuses a request in which one of the headers comes more than once: of two values, somebody behind this door might
// believe the one that was not verified.
func once(h http.Header, names ...string) *Refusal {
	for _, name := range names {
		if name == "" {
			continue
		}
		if n := len(h.Values(name)); n > 1 {
			return refuse("MH_HEADER_REPEATED", "header_repeated", "the header %s came %d times; it must come once", name, n).
				with("header", name).with("times", n)
		}
	}
	return nil
}

// maxHeader is the length of the longest header that is read for a credential.
const maxHeader = 8 << 10

// credential is the value of the header, or why there is none to be read.
func credential(h http.Header, name, missing, malformed string, most int) (string, *Refusal) {
	values := h.Values(name)
	switch {
	case len(values) == 0:
		return "", refuse(missing, "header_missing", "the header %s is missing", name).with("header", name)
	case strings.TrimSpace(values[0]) == "":
		return "", refuse(missing, "header_empty", "the header %s is empty", name).with("header", name)
	case len(values[0]) > most:
		return "", refuse(malformed, "header_too_long", "the header %s has %d bytes; no more than %d are read", name, len(values[0]), most).
			with("header", name).with("bytes", len(values[0])).with("most", most)
	}
	return values[0], nil
}

// Copy is the same refusal with a trace of its own.
func (r *Refusal) Copy() *Refusal {
	copied := *r
	copied.Trace = make(map[string]any, len(r.Trace))
	for name, value := range r.Trace {
		copied.Trace[name] = value
	}
	return &copied
}
