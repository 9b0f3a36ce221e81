package door

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/api/door/signature"
	"github.com/profullstack/meshhook/api/problem"
)

// statusOf maps what a request was refused for to an HTTP status.
func statusOf(cause string) int {
	switch cause {
	case "MH_ENDPOINT_UNKNOWN":
		return http.StatusNotFound
	case "MH_ENDPOINT_DISABLED":
		return http.StatusGone
	case "MH_INPUT_SCHEMA":
		return http.StatusUnprocessableEntity
	case "MH_OPEN_RUNS":
		return http.StatusTooManyRequests
	}
	return http.StatusBadRequest
}

// answer says to the caller what is now committed.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, ep *endpoint, j judgement, a answer) {
	switch {
	case j.refusal != nil:
		refuse(w, ep, j.refusal, a.request)
	case j.greeting != nil:
		j.greeting.write(w)
	case a.verdict == "rejected" || a.verdict == "invalid":
		detail := a.message
		if detail == "" {
			detail = "The request was refused."
		}
		if statusOf(a.cause) == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "5")
		}
		problem.Problem{Status: statusOf(a.cause), Code: a.cause, Detail: detail, RequestID: a.request, Errors: violations(a)}.Write(w)
	case ep.wait && a.run != "":
		d.wait(w, r, ep, a)
	default:
		d.acknowledge(w, r, a)
	}
}

// violations are the places in which an input breaks its schema.
func violations(a answer) json.RawMessage {
	if a.cause != "MH_INPUT_SCHEMA" || string(a.failure) == "null" {
		return nil
	}
	return a.failure
}

// refuse answers a request that did not prove where it comes from.
func refuse(w http.ResponseWriter, ep *endpoint, refusal *signature.Refusal, request string) {
	switch {
	case refusal.Status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "15")
	case ep.verify == nil:
	case ep.verify.Spec.Kind == "basic":
		w.Header().Set("WWW-Authenticate", `Basic realm="webhooks", charset="UTF-8"`)
	case ep.verify.Spec.Kind == "bearer", ep.verify.Spec.Kind == "jwt":
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	problem.Problem{Status: refusal.Status, Code: refusal.Cause, Detail: refusal.Message, RequestID: request}.Write(w)
}

// acknowledge is the usual 202.
func (d *Door) acknowledge(w http.ResponseWriter, r *http.Request, a answer) {
	out := make([]byte, 0, 320)
	out = append(out, '{')
	if a.run != "" {
		out = append(out, `"run_id":"`...)
		out = append(out, a.run...)
		out = append(out, `",`...)
	}
	out = append(out, `"request_id":"`...)
	out = append(out, a.request...)
	out = append(out, '"')
	if a.verdict != "accepted" {
		out = appendField(out, "verdict", a.verdict)
		if a.verdict == "duplicate" {
			out = append(out, `,"duplicate":true`...)
		}
		if a.message != "" {
			out = appendField(out, "message", a.message)
		}
	}
	if run, err := uuid.Parse(a.run); err == nil {
		out = append(out, `,"status_url":"`...)
		out = append(out, d.base(r)...)
		out = append(out, "/r/"...)
		out = append(out, signLink(d.linkKey, run, time.Now())...)
		out = append(out, '"')
	}
	out = append(out, '}', '\n')
	writeJSON(w, http.StatusAccepted, out)
}

// outcome is how a run stands.
type outcome struct {
	status          string // "" when there is no such run
	output, failure json.RawMessage
	response        *response // what a respond node has said
}

// settled says whether there is something to tell a caller that waits.
func (o outcome) settled() bool {
	return o.response != nil || o.status == "succeeded" || o.status == "failed" || o.status == "canceled"
}

func (d *Door) flushResults(ctx context.Context, runs []string) ([]outcome, error) {
	ids := make([]uuid.UUID, len(runs))
	for i, run := range runs {
		id, err := uuid.Parse(run)
		if err != nil {
			return nil, fmt.Errorf("read run id: %w", err)
		}
		ids[i] = id
	}
	rows, err := d.endpoints.queries.RunResults(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read results of %d runs: %w", len(runs), err)
	}
	found := make(map[string]outcome, len(rows))
	for _, row := range rows {
		found[row.RunID] = outcome{status: row.Status, output: row.Output, failure: row.Error, response: parseResponse(row.Response)}
	}
	out := make([]outcome, len(runs))
	for i, run := range runs {
		out[i] = found[run]
	}
	return out, nil
}

// wait answers with what the run's respond node says, or else with its output if it ends in time. A run that came so far in
// the accepting transaction needs no look.
func (d *Door) wait(w http.ResponseWriter, r *http.Request, ep *endpoint, a answer) {
	got := outcome{status: a.status, output: a.output, failure: a.failure}
	if a.status == "responded" {
		got.response = parseResponse(a.output)
	}
	if !got.settled() {
		ctx, cancel := context.WithTimeout(r.Context(), ep.waitTime)
		got = d.await(ctx, a.run)
		cancel()
	}
	if r.Context().Err() != nil {
		return
	}
	w.Header().Set("X-MeshHook-Run", a.run)
	if got.response != nil {
		got.response.write(w)
		return
	}
	switch got.status {
	case "succeeded":
		writeJSON(w, http.StatusOK, append(got.output, '\n'))
	case "failed", "canceled":
		p := problem.Problem{
			Status: http.StatusInternalServerError, Code: "MH_RUN_FAILED", Detail: "The run failed.", RequestID: a.request, RunID: a.run,
		}
		if got.status == "canceled" {
			p.Code, p.Detail = "MH_RUN_CANCELED", "The run was canceled."
		}
		p.Write(w)
	default:
		d.acknowledge(w, r, a)
	}
}

// await watches a run until it answers or ends, or ctx does. The process tells at once what happens in it; for runs that go
// on elsewhere it looks again and again, less and less often.
func (d *Door) await(ctx context.Context, run string) outcome {
	moved, forget := d.conf.Process.Watch(run)
	defer forget()
	var got outcome
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		// While the database is away there is nothing to see; the caller's time decides.
		if seen, err := d.results.Submit(ctx, run); err == nil {
			if got = seen; got.settled() {
				return got
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-moved:
		case <-timer.C:
		case <-d.draining:
			timer.Stop()
			return got
		case <-ctx.Done():
			timer.Stop()
			return got
		}
		timer.Stop()
	}
}

// Status answers a signed link with the status and output of its run, and nothing else of it.
func (d *Door) Status(w http.ResponseWriter, r *http.Request, signed string) {
	run, ok := openLink(d.linkKey, signed, time.Now())
	if !ok {
		problem.Problem{Status: http.StatusNotFound, Code: "MH_LINK_INVALID", Detail: "This link is not valid, or not any more."}.Write(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	got, err := d.results.Submit(ctx, run.String())
	switch {
	case err != nil:
		d.away(w, r, err)
	case got.status == "":
		problem.Problem{Status: http.StatusNotFound, Code: "MH_RUN_UNKNOWN", Detail: "The run is not kept any more."}.Write(w)
	default:
		out := append([]byte(`{"status":`), '"')
		out = append(out, got.status...)
		out = append(out, `","output":`...)
		if len(got.output) == 0 {
			got.output = json.RawMessage("null")
		}
		out = append(out, got.output...)
		writeJSON(w, http.StatusOK, append(out, '}', '\n'))
	}
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
