package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
)

// Names of the demo. Its target is a project variable, so that the definition is the same whatever port is free.
const (
	demoProject   = "demo"
	demoWorkflow  = "order-paid"
	demoEndpoint  = "order-paid"
	demoTargetVar = "erp_url"
	demoHeader    = "x-shop-signature"
)

// demoDefinition takes an order, sends large ones to an ERP that is not quite awake, and ends with what that said.
const demoDefinition = `{
  "apiVersion": "meshhook/v1",
  "name": "order-paid",
  "title": "Order paid to ERP",
  "nodes": {
    "shape": {"type": "transform", "with": {"expr": "{id: trigger.body.id, total: trigger.body.amount}"}},
    "size":  {"type": "branch", "with": {"cases": [{"port": "large", "when": "steps.shape.total >= ` + "`100`" + `"}], "default": "small"}},
    "erp":   {"type": "http_call",
              "with": {"method": "POST", "url": "{{ vars.erp_url }}/orders/{{ steps.shape.id }}", "body": "{{ steps.shape }}"},
              "timeout": "5s",
              "retry": {"max_attempts": 5, "base": "600ms", "factor": 2, "cap": "2s", "jitter": "full", "on": ["network", "timeout", "429", "5xx"]}},
    "done":  {"type": "terminate", "with": {"status": "succeeded", "output": {"order": "{{ steps.shape.id }}", "erp": "{{ steps.erp.body }}", "attempts": "{{ steps.erp.attempts }}"}}},
    "small": {"type": "terminate", "with": {"status": "succeeded", "output": {"order": "{{ steps.shape.id }}", "note": "too small for the ERP"}}}
  },
  "edges": [
    {"from": "trigger", "to": "shape"}, {"from": "shape", "to": "size"},
    {"from": "size", "port": "large", "to": "erp"}, {"from": "size", "port": "small", "to": "small"},
    {"from": "erp", "to": "done"}
  ],
  "policy": {"deadline": "10m"}
}`

// demoVerify is how the demo's endpoint verifies: what openssl signs on a command line, it takes.
const demoVerify = `{"kind": "hmac", "algorithm": "sha256", "header": "` + demoHeader + `", "encoding": "hex", "prefix": "sha256=", "signed": "{body}"}`

// demo is the demo as it stands in the database.
type demo struct {
	version int
	path    string // of the endpoint, beginning with /hooks/
	target  target // without its base URL
}

// installDemo makes what of the demo is missing; a second time it changes nothing but the target's address.
func installDemo(ctx context.Context, pool *pgxpool.Pool, ring *keyring.Ring, targetURL string) (demo, error) {
	var d demo
	_, err := pool.Exec(ctx, "select meshhook.create_project($1, 'Demo')", demoProject)
	if err != nil && db.Code(err) != "MH_PROJECT_EXISTS" {
		return d, fmt.Errorf("make project %s: %w", demoProject, err)
	}
	value, err := json.Marshal(targetURL)
	if err != nil {
		return d, err
	}
	if _, err := pool.Exec(ctx, "select meshhook.set_var($1, $2, $3::text::jsonb)", demoProject, demoTargetVar, string(value)); err != nil {
		return d, fmt.Errorf("set variable %s: %w", demoTargetVar, err)
	}
	if d.version, err = publishDemo(ctx, pool); err != nil {
		return d, err
	}
	_, err = pool.Exec(ctx, "select meshhook.create_endpoint($1, $2, $3::text::jsonb, $4::text::jsonb)",
		demoProject, demoWorkflow, demoVerify, `{"name": "`+demoEndpoint+`"}`)
	if err != nil && db.Code(err) != "MH_ENDPOINT_EXISTS" {
		return d, fmt.Errorf("make endpoint %s: %w", demoEndpoint, err)
	}
	token, err := endpointToken(ctx, pool, demoProject+"/"+demoEndpoint)
	if err != nil {
		return d, err
	}
	d.path = "/hooks/" + token
	known, err := readEndpoint(ctx, pool, token)
	if err != nil {
		return d, err
	}
	d.target.recipe = known.Verify
	d.target.secret, err = demoSecret(ctx, pool, ring, known)
	return d, err
}

// demoNote tells the demo's own versions from those that somebody made of it.
const demoNote = "the demo of meshhook dev"

// publishDemo makes the demo's definition live and answers its version; one that somebody has published since stays.
func publishDemo(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	var version int
	var note *string
	err := pool.QueryRow(ctx, "select version, note from meshhook.version_list where project = $1 and workflow = $2 and live",
		demoProject, demoWorkflow).Scan(&version, &note)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read workflow %s: %w", demoWorkflow, err)
	}
	if err == nil && (note == nil || *note != demoNote) {
		return version, nil
	}
	err = pool.QueryRow(ctx, "select meshhook.publish($1, $2, $3::text::jsonb, $4)", demoProject, demoWorkflow, demoDefinition, demoNote).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("publish workflow %s: %w", demoWorkflow, err)
	}
	return version, nil
}

// demoSecret is a signing secret of the endpoint, made and sealed when it has none that opens with this key.
func demoSecret(ctx context.Context, pool *pgxpool.Pool, ring *keyring.Ring, e endpoint) ([]byte, error) {
	if secret, err := openSecret(ctx, ring, e); err == nil {
		return secret, nil
	}
	secret := strings.ToLower(rand.Text())
	_, _, err := ring.AddEndpointSecret(ctx, pool, keyring.EndpointSecret{Project: demoProject, Endpoint: e.ID, Value: secret})
	return []byte(secret), err
}

// order is the body of the demo's webhook. The door parses it; here it is bytes that are signed.
func (d demo) order(id string) string {
	return fmt.Sprintf(`{"id":"%s","amount":250,"currency":"EUR"}`, id)
}

// nextOrder names an order that the target has not seen.
func nextOrder(now time.Time) string { return "A-" + now.UTC().Format("150405") }

// sendDemo sends the demo's webhook through the door at base and answers the id of the run it began.
func (d demo) sendDemo(ctx context.Context, base, body string) (answer, uuid.UUID, error) {
	d.target.url = base + d.path
	request, err := d.target.request(ctx, []byte(body), "application/json", time.Now())
	if err != nil {
		return answer{}, uuid.Nil, err
	}
	got, err := deliverWebhook(request)
	if err != nil {
		return got, uuid.Nil, fmt.Errorf("send the demo's webhook: %w", err)
	}
	var accepted struct {
		Run uuid.UUID `json:"run_id"`
	}
	if got.Status < 200 || got.Status > 299 {
		return got, uuid.Nil, fmt.Errorf("the door refused the demo's webhook: %d %s %s", got.Status, http.StatusText(got.Status), got.Body)
	}
	if err := json.Unmarshal(got.Body, &accepted); err != nil {
		return got, uuid.Nil, fmt.Errorf("read the door's answer: %w", err)
	}
	if accepted.Run == uuid.Nil {
		return got, uuid.Nil, errors.New("the door's answer names no run: " + string(got.Body))
	}
	return got, accepted.Run, nil
}

// curl is a command that sends another order, signed by openssl.
func (d demo) curl(base, body string) string {
	return fmt.Sprintf(`BODY='%s'
curl -sS %s%s -H 'Content-Type: application/json' \
  -H "X-Shop-Signature: sha256=$(printf %%s "$BODY" | openssl dgst -sha256 -hmac '%s' -r | cut -d' ' -f1)" \
  -d "$BODY"`, body, base, d.path, d.target.secret)
}
