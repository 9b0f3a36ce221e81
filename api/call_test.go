//go:build unix

package api_test

import (
	"fmt"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestRunsCallRuns goes through a whole service: a webhook starts a run, that calls another, that calls a target; the caller
// of it all waits for the answer. What is passed on passes through the queue, in milliseconds, not by the once-a-second wake.
func TestRunsCallRuns(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, true)
	s.endpoint("inner", callNodes, pureEdges, anybody, `{}`)
	outer := s.endpoint("outer", `{"sub": {"type": "call", "with": {"workflow": "inner", "input": {"n": "{{ trigger.body.n }}"}}}, "end": {"type": "transform", "with": {"expr": "steps.sub.body.echo"}}}`,
		`[{"from": "trigger", "to": "sub"}, {"from": "sub", "to": "end"}]`, anybody, `{"respond": {"mode": "wait", "timeout": "30s"}}`)
	for i := range 10 {
		if got := s.send("POST", outer, fmt.Sprintf(`{"n": %d}`, i)); got.status != 200 || got.body != fmt.Sprintf("{\"n\": %d}\n", i) {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if n := s.text("select count(*)::text from meshhook.runs r join meshhook.runs p on p.id = r.parent_id where r.status = 'succeeded' and p.status = 'succeeded'"); n != "10" {
		t.Errorf("%s called runs", n)
	}
	// How long the slowest took from the called run's end to its caller's: a figure, no assertion.
	t.Log("end of a called run to the end of its caller: " + s.text(`select max(p.finished_at - r.finished_at)::text from meshhook.runs r join meshhook.runs p on p.id = r.parent_id`))
	if bad := s.text("select string_agg(v.code, ' ') from meshhook.runs r, meshhook.verify(r.id) v"); bad != "" {
		t.Errorf("not proven: %s", bad)
	}
}
