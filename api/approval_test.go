//go:build unix

package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestApprovalLinks asks over HTTP: opening a link decides nothing, posting does, once.
func TestApprovalLinks(t *testing.T) {
	address := dbtest.URL(t)
	s := open(t, address, address, false)
	s.endpoint("ask", `{"ask": {"type": "wait", "with": {"approval": {"title": "Pay <b>{{ trigger.body.n }}</b>?"}}}}`, `[{"from": "trigger", "to": "ask"}]`, anybody, `{}`)
	link := func() (run, path string) {
		run = s.text("select meshhook.start('p', 'ask', '{\"n\": 7}')::text")
		return run, s.text("select path from meshhook.approval_links($1::uuid)", run)
	}
	status := func(run string) string {
		return s.text("select status::text from meshhook.runs where id = $1::uuid", run)
	}
	post := func(path, answer, note string) reply {
		return s.send("POST", path, url.Values{"answer": {answer}, "note": {note}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}

	run, path := link()
	for range 3 { // previews
		got := s.send("GET", path, "")
		if got.status != 200 || !strings.Contains(got.body, "Pay &lt;b&gt;7&lt;/b&gt;?") || strings.Contains(got.body, "<b>") || status(run) != "waiting" {
			t.Fatalf("opened: %d %s, run %s", got.status, got.body, status(run))
		}
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Type": "text/html; charset=utf-8"} {
			if got.header.Get(name) != want {
				t.Errorf("%s is %q", name, got.header.Get(name))
			}
		}
		if !strings.Contains(got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("may be framed: %v", got.header)
		}
	}
	if got := post(path, "maybe", ""); got.status != 400 || status(run) != "waiting" {
		t.Errorf("maybe: %d %s", got.status, got.body)
	}
	if got := post(path, "approve", "as agreed"); got.status != 200 || !strings.Contains(got.body, "Approved") {
		t.Errorf("approve: %d %s", got.status, got.body)
	}
	if got := s.text("select (output - 'at')::text from meshhook.runs where id = $1::uuid", run); got != `{"by": "link", "note": "as agreed", "approved": true}` {
		t.Errorf("the run got %s", got)
	}
	for _, answer := range []string{"approve", "reject"} {
		if got := post(path, answer, ""); got.status != http.StatusGone || !strings.Contains(got.body, "has been used") || !strings.Contains(got.body, "approved") {
			t.Errorf("%s again: %d %s", answer, got.status, got.body)
		}
	}
	if got := s.send("GET", path, ""); got.status != http.StatusGone {
		t.Errorf("opened again: %d", got.status)
	}

	run, path = link()
	if got := post(path, "reject", ""); got.status != 200 || !strings.Contains(got.body, "Rejected") || status(run) != "failed" {
		t.Errorf("reject: %d %s, run %s", got.status, got.body, status(run))
	}
	for _, unknown := range []string{"/a/x", "/a/" + strings.Repeat("a", 26), "/a/%00", "/a/%27%3B--", "/a/%FF"} {
		if got := s.send("GET", unknown, ""); got.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", unknown, got.status, got.body)
		}
		if got := post(unknown, "approve", ""); got.status != http.StatusNotFound {
			t.Errorf("%s posted: %d %s", unknown, got.status, got.body)
		}
	}

	// Many at once, by several links: one answer counts.
	run, path = link()
	paths := []string{path, s.text("select path from meshhook.approval_links($1::uuid)", run)}
	var taken atomic.Int32
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if got := post(paths[i%2], []string{"approve", "reject"}[i/8], ""); got.status == 200 {
				taken.Add(1)
			} else if got.status != http.StatusGone {
				t.Errorf("at once: %d %s", got.status, got.body)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("%d answers counted", taken.Load())
	}
	if bad := s.text("select string_agg(v.code, ' ') from meshhook.runs r, meshhook.verify(r.id) v"); bad != "" {
		t.Errorf("not proven: %s", bad)
	}
}
