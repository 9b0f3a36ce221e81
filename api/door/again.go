package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/profullstack/meshhook/api/door/signature"
	"github.com/profullstack/meshhook/db"
)

// How often a door looks for refused requests that somebody wants to be verified again, and how many it takes at a time.
const (
	againEvery = time.Second
	againMost  = 20
)

// verifyAgain takes refused requests through the door again, as meshhook.reevaluate asks for it, until ctx ends.
func (d *Door) verifyAgain(ctx context.Context) {
	ticker := time.NewTicker(againEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for more := true; more && ctx.Err() == nil; {
			n, err := d.verifySome(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				d.conf.Log.Warn("refused requests can not be verified again", slog.Any("error", err))
			}
			failing = err != nil
			more = err == nil && n == againMost
		}
	}
}

func (d *Door) verifySome(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	rows, err := d.endpoints.queries.TakeReevaluations(ctx, againMost)
	if err != nil {
		return 0, fmt.Errorf("take reevaluations: %w", err)
	}
	var errs []error
	for i := range rows {
		verdict, err := d.verifyOne(ctx, &rows[i])
		if err == nil {
			_, err = d.endpoints.queries.SettleReevaluation(ctx, rows[i].ID, verdict)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("reevaluation %d: %w", rows[i].ID, err))
		}
	}
	return len(rows), errors.Join(errs...)
}

// verifyOne is what is still wrong with a refused request, as settle_reevaluation takes it; the JSON null when nothing is.
func (d *Door) verifyOne(ctx context.Context, row *db.TakeReevaluationsRow) (json.RawMessage, error) {
	ep, err := d.endpoints.read(ctx, row.Endpoint)
	if err != nil {
		return nil, err
	}
	if ep == nil {
		return unverified("rejected", "MH_ENDPOINT_UNKNOWN", "the endpoint is gone", nil)
	}
	seen, err := d.openEvidence(ep, row)
	if err != nil {
		return unverified("rejected", "MH_REQUEST_NO_EVIDENCE", "what the request showed does not open with this server's key-encryption key", nil)
	}
	if ep.broken != nil {
		return unverified("rejected", ep.broken.Cause, ep.broken.Message, ep.broken.Trace)
	}
	// A secret counts when it did then or does now: the one that was missing then is the reason to come back.
	secrets := slices.Clone(ep.secrets)
	for i := range secrets {
		if s := &secrets[i]; s.From.After(row.ReceivedAt) && !s.From.After(time.Now()) {
			s.From = row.ReceivedAt
		}
	}
	if refusal := ep.verify.Check(ctx, seen, secrets, row.ReceivedAt); refusal != nil {
		ep.verify.Explain(seen, secrets, row.ReceivedAt, refusal)
		return unverified("rejected", refusal.Cause, refusal.Message, refusal.Trace)
	}
	if u, err := url.Parse(seen.URL); err == nil {
		if g := handshake(ep.verify.Spec.Handshake, &http.Request{Method: seen.Method, URL: u}, seen.Body); g != nil {
			return unverified("ignored", "MH_HANDSHAKE", "it was a handshake, and nobody waits for the answer any more", nil)
		}
	}
	return json.RawMessage("null"), nil
}

func (d *Door) openEvidence(ep *endpoint, row *db.TakeReevaluationsRow) (*signature.Request, error) {
	id, err := ep.uuid()
	if err != nil {
		return nil, err
	}
	raw, err := d.conf.Ring.OpenEvidence(ep.project, id, row.Body, row.Evidence)
	if err != nil {
		return nil, err
	}
	var kept evidence
	if err := json.Unmarshal(raw, &kept); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return &signature.Request{Method: row.Method, URL: kept.URL, Header: kept.Header, Body: row.Body}, nil
}

func unverified(verdict, cause, message string, trace map[string]any) (json.RawMessage, error) {
	out := appendString([]byte(`{"verdict":`), verdict)
	out = appendField(out, "cause", cause)
	out = appendField(out, "message", message)
	if trace != nil {
		out = append(append(out, `,"trace":`...), encodeTrace(trace)...)
	}
	return append(out, '}'), nil
}
