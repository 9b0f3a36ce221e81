//go:build unix

package main

import (
	"strings"
	"testing"
)

type steered struct {
	Run    string
	Status string
}

func TestPauseAndResume(t *testing.T) {
	c, pool := newInstallation(t)
	one, two := start(t, c, "open"), start(t, c, "open")
	got := parse[[]steered](t, c.must(0, "pause", two, one, two, "--reason", "the ERP is down", "--json").out)
	if len(got) != 2 || got[0] != (steered{one, "paused"}) || got[1] != (steered{two, "paused"}) {
		t.Errorf("pause: %+v", got)
	}
	var reason string
	if err := pool.QueryRow(t.Context(), "select data ->> 'reason' from meshhook.events where run_id = $1 and type = 'run.paused'", one).Scan(&reason); err != nil || reason != "the ERP is down" {
		t.Errorf("reason %q, %v", reason, err)
	}
	if said := c.must(1, "pause", one).err; !strings.Contains(said, "MH_RUN_PAUSED") {
		t.Errorf("pausing twice: %s", said)
	}
	if said := c.must(0, "resume", "latest").out; !strings.Contains(said, two) || !strings.Contains(said, "waiting") {
		t.Errorf("resume: %s", said)
	}
	c.must(1, "resume", one, two) // all or none: one of them is not paused
	if got := parse[[]runRow](t, c.must(0, "runs", "--status", "paused", "--json").out); len(got) != 1 || got[0].ID.String() != one {
		t.Errorf("paused: %+v", got)
	}
}

func TestRetryAndRerun(t *testing.T) {
	c, pool := newInstallation(t)
	execute(t, pool, "select meshhook.publish('shop', 'bad', $1::text::jsonb)", `{"apiVersion": "meshhook/v1", "name": "bad",
		"nodes": {"a": {"type": "transform", "with": {"expr": "abs(trigger.body.n)"}}}, "edges": [{"from": "trigger", "to": "a"}]}`)
	failed := start(t, c, "bad", "--input", `{"n": "x"}`)
	if got := parse[[]steered](t, c.must(0, "retry", failed, "--json").out); len(got) != 1 || got[0] != (steered{failed, "running"}) {
		t.Errorf("retry: %+v", got)
	}
	c.must(0, "cancel", failed)
	if said := c.must(1, "retry", failed).err; !strings.Contains(said, "MH_RUN_NOT_FAILED") {
		t.Errorf("retry of a canceled run: %s", said)
	}
	again := parse[struct{ Run, Origin string }](t, c.must(0, "rerun", failed, "--input", `{"n": -4}`, "--json").out)
	if again.Origin != failed || again.Run == failed {
		t.Errorf("rerun: %+v", again)
	}
	if got := parse[[]runRow](t, c.must(0, "runs", "--limit", "1", "--json").out); len(got) != 1 || got[0].ID.String() != again.Run || got[0].Status != "succeeded" {
		t.Errorf("the rerun: %+v", got)
	}
	c.must(1, "rerun", again.Run, "--from", "nobody")
	c.must(1, "rerun", again.Run, "--version", "9")
	start(t, c, "bad", "--input", `{"n": "y"}`)
	start(t, c, "bad", "--input", `{"n": "z"}`)
	start(t, c, "failing")
	if said := c.must(0, "retry", "--all", "shop", "--workflow", "bad", "--class", "data", "--since", "1h", "--rate", "5").out; !strings.Contains(said, "2 retried") {
		t.Errorf("retry --all: %s", said)
	}
	for _, args := range [][]string{
		{"retry"},
		{"retry", failed, "--all", "shop"},
		{"retry", failed, "--workflow", "bad"},
		{"rerun", failed, "--input", "{"},
		{"rerun"},
		{"pause"},
		{"pause", "xyz"},
	} {
		c.must(exitUsage, args...)
	}
	c.must(1, "retry", "--all", "shop", "--rate", "0")
}
