// Package problem writes errors as RFC 9457 problem documents. Codes are those that SQL raises too.
package problem

import (
	"encoding/json"
	"net/http"
)

// Problem is an error as a client sees it: a stable code, a sentence that tells what to do, and no internals.
type Problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Title     string `json:"title"`
	Detail    string `json:"detail,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	RunID     string `json:"run_id,omitempty"`
	// Errors are the places that are wrong: [{"pointer", "message"}].
	Errors json.RawMessage `json:"errors,omitempty"`
}

// Write answers with the problem. Headers set before, such as Retry-After, stay.
func (p Problem) Write(w http.ResponseWriter) {
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	if p.RequestID == "" {
		p.RequestID = w.Header().Get("X-Request-Id")
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers only
		body = []byte("{}")
	}
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}
