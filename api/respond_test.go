//go:build unix

package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestDoorAnswersWithTheRespondNode asks over HTTP: what a respond node says reaches the caller as soon as it has run.
func TestDoorAnswersWithTheRespondNode(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, true)
	wait := `{"respond": {"mode": "wait", "timeout": "20s"}}`
	path := func(name, answer string) string {
		return s.endpoint(name, `{"say": {"type": "respond", "with": `+answer+`}, "on": {"type": "delay", "with": {"for": "1h"}}}`,
			`[{"from": "trigger", "to": "say"}, {"from": "say", "to": "on"}]`, anybody, wait)
	}

	// Decided in the accepting transaction; the run goes on.
	got := s.send("POST", path("json", `{"status": 201, "headers": {"X-Order": "{{ trigger.body.n }}"}, "body": {"got": "{{ trigger.body.n }}"}}`), `{"n": 3}`)
	if got.status != 201 || got.body != `{"got":3}` || got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Order") != "3" {
		t.Errorf("json: %d %v %s", got.status, got.header, got.body)
	}
	if run := got.header.Get("X-MeshHook-Run"); s.text("select status::text from meshhook.runs where id = $1", run) != "waiting" {
		t.Errorf("run %q is not waiting", run)
	}
	// It is no page of this host.
	got = s.send("POST", path("page", `{"headers": {"Content-Type": "text/html"}, "body": "<script>alert({{ trigger.body.n }})</script>"}`), `{"n": 3}`)
	if got.status != 200 || got.body != "<script>alert(3)</script>" || !strings.HasPrefix(got.header.Get("Content-Security-Policy"), "sandbox") || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("page: %d %v %s", got.status, got.header, got.body)
	}
	got = s.send("POST", path("plain", `{"body": "{{ trigger.body.text }}"}`), `{"text": "grüße\n"}`)
	if got.status != 200 || got.body != "grüße\n" || got.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("plain: %d %v %q", got.status, got.header, got.body)
	}
	got = s.send("POST", path("nothing", `{"status": 204, "body": "not sent"}`), `{}`)
	if got.status != 204 || got.body != "" || got.header.Get("Content-Type") != "" {
		t.Errorf("nothing: %d %v %q", got.status, got.header, got.body)
	}
	got = s.send("POST", path("elsewhere", `{"status": 303, "headers": {"Location": "/hooks/none"}}`), `{}`) // followed by the client
	if got.status != http.StatusNotFound {
		t.Errorf("elsewhere: %d %s", got.status, got.body)
	}
	// A header that data would break in two says nothing; the run fails instead.
	s.send("POST", path("split", `{"headers": {"X-A": "{{ trigger.body.a }}"}}`), `{"a": "1\r\nSet-Cookie: b=c"}`).expect(t, 500, "MH_RUN_FAILED")

	// Behind a call, in a later transaction: long before the run ends, and long before the timeout.
	behind := s.endpoint("behind", `{"post": {"type": "http_call", "with": {"method": "POST", "url": "TARGET/x", "body": "{{ trigger.body }}"}},
		"say": {"type": "respond", "with": {"status": 202, "body": "{{ steps.post.body }}"}}, "on": {"type": "delay", "with": {"for": "1h"}}}`,
		`[{"from": "trigger", "to": "post"}, {"from": "post", "to": "say"}, {"from": "say", "to": "on"}]`, anybody, wait)
	for i := range 5 {
		if got := s.send("POST", behind, fmt.Sprintf(`{"n": %d}`, i)); got.status != 202 || got.body != fmt.Sprintf(`{"echo":{"n":%d}}`, i) {
			t.Errorf("behind a call: %d %s", got.status, got.body)
		}
	}
	// Nobody waits: acknowledged, and recorded all the same.
	ack := s.endpoint("ack", `{"say": {"type": "respond", "with": {"status": 418}}}`, `[{"from": "trigger", "to": "say"}]`, anybody, `{}`)
	if got := s.send("POST", ack, `{}`); got.status != 202 || got.field("run_id") == "" || got.field("status_url") == "" {
		t.Errorf("ack: %d %s", got.status, got.body)
	}
	// A run that says nothing in time.
	silent := s.endpoint("silent", `{"on": {"type": "delay", "with": {"for": "1h"}}, "say": {"type": "respond", "with": {}}}`,
		`[{"from": "trigger", "to": "on"}, {"from": "on", "to": "say"}]`, anybody, `{"respond": {"mode": "wait", "timeout": "100ms"}}`)
	if got := s.send("POST", silent, `{}`); got.status != 202 || got.field("status_url") == "" {
		t.Errorf("silent: %d %s", got.status, got.body)
	}
	if bad := s.text("select string_agg(v.code, ' ') from meshhook.runs r, meshhook.verify(r.id) v"); bad != "" {
		t.Errorf("not proven: %s", bad)
	}
}
