// Package worker makes the calls that runs ask for. It claims work (from River, or handed over by the door in the accepting
// commit), moves the bytes, and delivers results; every decision about a run is taken in SQL.
package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Item is one piece of work as SQL hands it out: a call to make, or a timer short enough to sit out.
type Item struct {
	Job       int64   `json:"job"`
	Run       string  `json:"run"`
	Step      string  `json:"step"`
	Attempt   int     `json:"attempt"`
	Kind      string  `json:"kind"` // call or timer
	AfterMS   int64   `json:"after_ms"`
	Project   int32   `json:"project"`
	Request   Request `json:"request"`
	TimeoutMS int64   `json:"timeout_ms"`
	ConnectMS int64   `json:"connect_ms"`
	Response  Expect  `json:"response"`
	Key       string  `json:"idempotency_key"`
	// Refused is why the call is not to be made at all: its breaker is open. It is delivered like an outcome.
	Refused *CallError `json:"refused"`
}

// Request is what to send, secrets as references.
type Request struct {
	Method  string                     `json:"method"`
	URL     string                     `json:"url"`
	Headers map[string]json.RawMessage `json:"headers"`
	Query   map[string]json.RawMessage `json:"query"`
	Body    json.RawMessage            `json:"body"`
	Auth    json.RawMessage            `json:"auth"`
	Sign    json.RawMessage            `json:"sign"`
	Secrets []SecretAt                 `json:"secrets"`
}

// SecretAt names a string of the request that holds secrets, and how it is put together: texts and references.
type SecretAt struct {
	Path  []any             `json:"path"`
	Parts []json.RawMessage `json:"parts"`
}

// Expect says what the node makes of the answer, as far as the executor must know.
type Expect struct {
	As        string `json:"as"`
	MaxBytes  int64  `json:"max_bytes"`
	Redirects int    `json:"redirects"`
}

const (
	kindCall  = "call"
	kindTimer = "timer"
)

func (i *Item) timeout() time.Duration {
	if i.TimeoutMS <= 0 {
		return 30 * time.Second
	}
	return min(time.Duration(i.TimeoutMS)*time.Millisecond, longestAttempt)
}

func (i *Item) connectTimeout() time.Duration {
	if i.ConnectMS <= 0 {
		return 5 * time.Second
	}
	return time.Duration(i.ConnectMS) * time.Millisecond
}

func (i *Item) maxBytes() int64 {
	const standard, most = 1 << 20, 16 << 20
	if i.Response.MaxBytes <= 0 {
		return standard
	}
	return min(i.Response.MaxBytes, most)
}

// ParseItems reads a jsonb array of work items; the empty array costs nothing.
func ParseItems(raw json.RawMessage) ([]*Item, error) {
	if len(raw) <= 2 || bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	var items []*Item
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("read work items: %w", err)
	}
	return items, nil
}

// Result is what became of an item, in the shape that meshhook_engine.deliver takes.
type Result struct {
	Job      int64      `json:"job"`
	Run      string     `json:"run"`
	Step     string     `json:"step"`
	Attempt  int        `json:"attempt"`
	Kind     string     `json:"kind"`
	Take     bool       `json:"take"`
	Response *Response  `json:"response,omitempty"`
	Error    *CallError `json:"error,omitempty"`
	Timings  *Timings   `json:"timings,omitempty"`
	URL      string     `json:"url,omitempty"` // as rendered, secrets as references
	Bytes    int64      `json:"bytes"`

	Body []byte `json:"-"`

	weight int // of the body as it came
}

// heavy results keep their call slot until they are delivered.
func (r *Result) heavy() bool { return r.weight > 64<<10 }

// Response is the answer's head; the body travels beside it.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Text    bool              `json:"text"` // the body is valid UTF-8 without NUL
}

// Timings are the phases of a call in milliseconds. Phases that did not happen are zero.
type Timings struct {
	DNS       float64 `json:"dns_ms"`
	Connect   float64 `json:"connect_ms"`
	TLS       float64 `json:"tls_ms"`
	FirstByte float64 `json:"first_byte_ms"`
	Total     float64 `json:"total_ms"`
	Reused    bool    `json:"reused"`
}

func (i *Item) result() *Result {
	return &Result{Job: i.Job, Run: i.Run, Step: i.Step, Attempt: i.Attempt, Kind: i.Kind, URL: i.Request.URL}
}
