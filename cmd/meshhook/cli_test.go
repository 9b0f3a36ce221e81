package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/db/dbtest"
)

// Workflows that end by themselves, wait for a worker that is not there, or fail.
const (
	pureWorkflow = `{"apiVersion": "meshhook/v1", "name": "pure",
	  "nodes": {"sum":  {"type": "transform", "with": {"expr": "trigger.body.a + trigger.body.b"}},
	            "done": {"type": "terminate", "with": {"status": "succeeded", "output": {"sum": "{{ steps.sum }}"}}}},
	  "edges": [{"from": "trigger", "to": "sum"}, {"from": "sum", "to": "done"}]}`
	openWorkflow = `{"apiVersion": "meshhook/v1", "name": "open",
	  "nodes": {"nap": {"type": "delay", "with": {"for": "1h"}}},
	  "edges": [{"from": "trigger", "to": "nap"}]}`
	failingWorkflow = `{"apiVersion": "meshhook/v1", "name": "failing",
	  "nodes": {"stop": {"type": "terminate", "with": {"status": "failed", "reason": "no stock for {{ trigger.body.id }}"}}},
	  "edges": [{"from": "trigger", "to": "stop"}]}`
)

// newInstallation is a database with a project "shop" and the workflows above, and a command line that uses it.
func newInstallation(t *testing.T) (*cli, *pgxpool.Pool) {
	t.Helper()
	url := dbtest.URL(t)
	pool := dbtest.Open(t, url)
	execute(t, pool, "select meshhook.create_project('shop')")
	for name, definition := range map[string]string{"pure": pureWorkflow, "open": openWorkflow, "failing": failingWorkflow} {
		execute(t, pool, "select meshhook.publish('shop', $1, $2::text::jsonb)", name, definition)
	}
	return newCLI(t, "DATABASE_URL="+url), pool
}

func execute(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

type startedRun struct {
	Run uuid.UUID `json:"run"`
}

// start starts a run through the command line.
func start(t *testing.T, c *cli, args ...string) string {
	t.Helper()
	got := c.must(0, append([]string{"start", "--json", "shop"}, args...)...)
	return parse[startedRun](t, got.out).Run.String()
}

func TestStartWaitsAndTellsHowItEnded(t *testing.T) {
	c, _ := newInstallation(t)

	ended := parse[runRow](t, c.must(0, "start", "shop", "pure", "--input", `{"a": 1, "b": 9007199254740993}`, "--wait", "--json", "--key", "K-1").out)
	if string(ended.Output) != `{"sum":9007199254740994}` {
		t.Errorf("output = %s", ended.Output)
	}
	if ended.Status != "succeeded" || ended.BusinessKey == nil || *ended.BusinessKey != "K-1" {
		t.Errorf("status %q, key %v", ended.Status, ended.BusinessKey)
	}

	failed := c.must(1, "start", "shop", "failing", "--input", `{"id": "A-7"}`, "--wait")
	if !strings.Contains(failed.out, "no stock for A-7") {
		t.Errorf("a failed run does not say why:\n%s", failed.out)
	}

	slow := c.must(1, "start", "shop", "open", "--wait", "--timeout", "200ms")
	if !strings.Contains(slow.err, "still waiting") {
		t.Errorf("a wait that ran out says %q", slow.err)
	}
}

func TestStartReadsInput(t *testing.T) {
	c, _ := newInstallation(t)
	file := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(file, []byte(`{"a": 2, "b": 3}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := parse[runRow](t, c.must(0, "start", "shop", "pure", "--input", "@"+file, "--wait", "--json").out); string(got.Output) != `{"sum":5}` {
		t.Errorf("from a file: %s", got.Output)
	}
	c.in = `{"a": 20, "b": 3}`
	if got := parse[runRow](t, c.must(0, "start", "shop", "pure", "--input", "-", "--wait", "--json").out); string(got.Output) != `{"sum":23}` {
		t.Errorf("from standard input: %s", got.Output)
	}
}

func TestStartOnceForAnIdempotencyKey(t *testing.T) {
	c, _ := newInstallation(t)
	first := start(t, c, "open", "--idempotency-key", "k")
	if again := start(t, c, "open", "--idempotency-key", "k"); again != first {
		t.Errorf("the same key started %s and %s", first, again)
	}
	if other := start(t, c, "open", "--idempotency-key", "l"); other == first {
		t.Error("another key started no other run")
	}
}

func TestRunsFilters(t *testing.T) {
	c, _ := newInstallation(t)
	open := start(t, c, "open")
	start(t, c, "failing")
	start(t, c, "pure", "--input", `{"a":1,"b":1}`)

	for _, test := range []struct {
		args []string
		want int
	}{
		{nil, 3},
		{[]string{"--workflow", "open"}, 1},
		{[]string{"--status", "failed", "--project", "shop"}, 1},
		{[]string{"--project", "another"}, 0},
		{[]string{"--limit", "2"}, 2},
	} {
		got := parse[[]runRow](t, c.must(0, append([]string{"runs", "--json"}, test.args...)...).out)
		if len(got) != test.want {
			t.Errorf("runs %v: %d runs, want %d", test.args, len(got), test.want)
		}
	}

	plain := c.must(0, "runs").out
	if strings.Contains(plain, "\x1b") {
		t.Errorf("colours in a pipe: %q", plain)
	}
	lines := strings.Split(strings.TrimSpace(plain), "\n")
	if len(lines) != 4 {
		t.Fatalf("want a header and three runs:\n%s", plain)
	}
	if last := strings.Split(lines[3], "\t"); last[0] != open || last[4] != "waiting" {
		t.Errorf("the oldest run comes last and waits, got %q", last)
	}
}

func TestShow(t *testing.T) {
	c, _ := newInstallation(t)
	failed := start(t, c, "failing", "--input", `{"id": "A-9"}`)
	open := start(t, c, "open")

	text := c.must(0, "show", failed, "--events").out
	for _, part := range []string{failed, "failing v1", "stop", "MH_TERMINATED: no stock for A-9", "run.started", "run.failed"} {
		if !strings.Contains(text, part) {
			t.Errorf("show does not say %q:\n%s", part, text)
		}
	}
	if text := c.must(0, "show", "latest").out; !strings.Contains(text, open) || !strings.Contains(text, "▒") {
		t.Errorf("show latest draws no timer of the latest run:\n%s", text)
	}

	whole := parse[struct {
		Run    runRow
		Steps  []struct{ Step, Status, Kind string }
		Events []struct {
			Seq  int
			Type string
		}
	}](t, c.must(0, "show", failed, "--json").out)
	if whole.Run.Status != "failed" || len(whole.Steps) != 1 || whole.Steps[0].Step != "stop" || whole.Steps[0].Kind != "end" {
		t.Errorf("show --json: %+v", whole)
	}
	if len(whole.Events) != 2 || whole.Events[0].Type != "run.started" || whole.Events[1].Seq != 2 {
		t.Errorf("show --json: events %+v", whole.Events)
	}
}

func TestCancel(t *testing.T) {
	c, _ := newInstallation(t)
	id := start(t, c, "open")
	c.must(0, "cancel", id, "--reason", "ordered twice")
	got := parse[[]runRow](t, c.must(0, "runs", "--json").out)
	if len(got) != 1 || got[0].Status != "canceled" || got[0].ErrorMessage == nil || *got[0].ErrorMessage != "ordered twice" {
		t.Errorf("after cancel: %+v", got)
	}
	again := c.must(1, "cancel", id, "--json")
	problem := parse[struct {
		Code, Hint string
		Exit       int
	}](t, again.err)
	if problem.Code != "MH_RUN_ENDED" || problem.Hint == "" || problem.Exit != 1 {
		t.Errorf("canceling twice: %+v", problem)
	}
}

type proof struct {
	Checked, Differ int
	Differences     []difference
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	c, pool := newInstallation(t)
	good := start(t, c, "pure", "--input", `{"a":1,"b":2}`)
	bad := start(t, c, "pure", "--input", `{"a":3,"b":4}`)
	start(t, c, "open")

	if got := parse[proof](t, c.must(0, "verify", "--all", "--json").out); got.Checked != 3 || got.Differ != 0 || len(got.Differences) != 0 {
		t.Fatalf("untouched runs: %+v", got)
	}

	// As an owner of the table could, who first puts the guard aside.
	execute(t, pool, "set session_replication_role = replica; update meshhook.events set data = jsonb_set(data, '{steps,0,output}', '8') where run_id = '"+bad+"' and seq = 2; reset session_replication_role")

	got := parse[proof](t, c.must(1, "verify", "--all", "--json").out)
	if got.Checked != 3 || got.Differ != 1 || len(got.Differences) != 1 {
		t.Fatalf("one changed event: %+v", got)
	}
	if d := got.Differences[0]; d.Run.String() != bad || d.Code != "MH_LOG_DIFFERS" || number(d.Seq) != 2 {
		t.Errorf("the difference: %+v", d)
	}
	if text := c.must(0, "verify", good).out; !strings.Contains(text, "1 run proven") {
		t.Errorf("verify of a good run says %q", text)
	}
	if text := c.must(1, "verify", good, bad).out; !strings.Contains(text, "MH_LOG_DIFFERS") || !strings.Contains(text, "2 runs verified, 1 differ") {
		t.Errorf("verify of a changed run says %q", text)
	}
}

func TestExitCodes(t *testing.T) {
	c, _ := newInstallation(t)
	nowhere := newCLI(t, "DATABASE_URL=postgres://nobody@127.0.0.1:1/none?connect_timeout=2")
	unset := newCLI(t)
	missing := uuid.NewString()
	for _, test := range []struct {
		c    *cli
		args []string
		want int
	}{
		{c, []string{"runs"}, exitOK},
		{c, []string{"show", missing}, exitFailed},
		{c, []string{"verify", missing}, exitFailed},
		{c, []string{"cancel", missing}, exitFailed},
		{c, []string{"start", "shop", "unknown"}, exitFailed},
		{c, []string{"start", "nobody", "pure"}, exitFailed},
		{c, []string{"send", "unknown"}, exitFailed},
		{c, []string{"show", "xyz"}, exitUsage},
		{c, []string{"cancel", "xyz"}, exitUsage},
		{c, []string{"verify"}, exitUsage},
		{c, []string{"verify", missing, "--all"}, exitUsage},
		{c, []string{"runs", "--status", "odd"}, exitUsage},
		{c, []string{"runs", "--limit", "0"}, exitUsage},
		{c, []string{"start", "shop"}, exitUsage},
		{c, []string{"start", "shop", "pure", "--input", "{"}, exitUsage},
		{c, []string{"send", "x", "--repeat", "0"}, exitUsage},
		{c, []string{"unknown-verb"}, exitUsage},
		{unset, []string{"runs"}, exitUsage},
		{nowhere, []string{"runs"}, exitUnreachable},
		{nowhere, []string{"show", missing}, exitUnreachable},
		{nowhere, []string{"send", "http://127.0.0.1:1/hooks/x", "--unsigned"}, exitUnreachable},
	} {
		got := test.c.run(test.args...)
		if got.code != test.want {
			t.Errorf("meshhook %s: exit code %d, want %d\n%s%s", strings.Join(test.args, " "), got.code, test.want, got.out, got.err)
		}
		if test.want != exitOK && got.err == "" {
			t.Errorf("meshhook %s: says nothing on stderr", strings.Join(test.args, " "))
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	c, _ := newInstallation(t)
	got := c.must(1, "start", "shop", "unknown")
	for _, part := range []string{"MH_WORKFLOW_UNKNOWN", "hint: "} {
		if !strings.Contains(got.err, part) {
			t.Errorf("the error lacks %q: %s", part, got.err)
		}
	}
}

func TestRunsFollowTellsBeginningAndEnd(t *testing.T) {
	c, _ := newInstallation(t)
	old := start(t, c, "pure", "--input", `{"a":1,"b":1}`)
	cmd := c.command("runs", "--follow", "--json")
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // it has ended, unless the test has failed

	// What it tells depends on when it began to look, so runs are started until one is told.
	var told string
	eventually(t, "a new run is told", func() bool {
		told = start(t, c, "open")
		return strings.Contains(out.String(), `"status":"waiting"`)
	})
	c.must(0, "cancel", told)
	eventually(t, "its end is told", func() bool { return strings.Contains(out.String(), `"status":"canceled"`) })
	if strings.Contains(out.String(), old) {
		t.Errorf("a run from before is told:\n%s", out)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v\n%s", err, out)
	}
}
