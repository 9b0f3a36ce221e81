package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/dbtest"
)

func TestMigrateVerbs(t *testing.T) {
	c := newCLI(t, "DATABASE_URL="+dbtest.Empty(t))
	planned := parse[[]db.MigrationItem](t, c.must(exitOK, "migrate", "plan", "--json").out)
	report := parse[db.MigrationReport](t, c.must(exitOK, "migrate", "--json").out)
	if done := len(report.Migrations) + len(report.Queue) + len(report.Files); done == 0 || done != len(planned) {
		t.Errorf("%d planned, %d done", len(planned), done)
	}
	if got := c.must(exitOK, "migrate", "up").out; got != "up to date, nothing changed\n" {
		t.Errorf("the second time said %q", got)
	}
	if got := c.must(exitOK, "migrate", "plan", "--json").out; got != "[]\n" {
		t.Errorf("with nothing to do the plan is %q", got)
	}
	status := c.must(exitOK, "migrate", "status").out
	if lines := strings.Split(strings.TrimSpace(status), "\n"); len(lines) != len(planned)+1 || lines[0] != "kind\tname\tstate\tat" {
		t.Errorf("status lists %d lines for %d items under %q", len(lines), len(planned), lines[0])
	}
	if strings.Contains(status, "\tpending\t") || !strings.Contains(status, "\tapplied\t") {
		t.Errorf("status:\n%s", status)
	}
	if script := c.must(exitOK, "migrate", "sql").out; !strings.Contains(script, "create role %I") || !strings.Contains(script, "river_job") {
		t.Error("the script is not the whole schema")
	}
}

func TestConfigMasksSecrets(t *testing.T) {
	c := newCLI(t, "DATABASE_URL=postgres://me:hunter2@localhost/x?sslmode=disable",
		"MESHHOOK_LISTEN_URL=host=localhost user=me password=hunter2", "MESHHOOK_KEK=hunter2hunter2", "MESHHOOK_ADDR=:9")
	for _, out := range []string{c.must(exitOK, "config").out, c.must(exitOK, "config", "--json").out} {
		if strings.Contains(out, "hunter2") {
			t.Errorf("a secret is shown:\n%s", out)
		}
		for _, want := range []string{"me:xxxxx@localhost", "password=xxxxx", ":9", "MESHHOOK_DRAIN", "30s"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s is not in\n%s", want, out)
			}
		}
	}
	for _, bad := range []string{"MESHHOOK_WORKERS=0", "MESHHOOK_WORKERS=many", "MESHHOOK_LOG_FORMAT=xml", "MESHHOOK_DRAIN=soon"} {
		newCLI(t, bad).must(exitUsage, "config")
	}
}

// A stand-in for psql tells what it was given: the password is never among the arguments.
func TestPsqlIsGivenTheDatabase(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho \"args: $*\"\necho \"password: $PGPASSWORD\"\nexit 7\n"
	if err := os.WriteFile(filepath.Join(dir, "psql"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	c := newCLI(t, "PATH="+dir+":"+os.Getenv("PATH"), "DATABASE_URL=postgres://me:s%2Fcret@localhost:1/x")
	got := c.must(7, "psql", "--", "-c", "select 1").out
	if want := "args: postgres://me@localhost:1/x -c select 1\npassword: s/cret\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := newCLI(t, "PATH="+t.TempDir(), "DATABASE_URL=postgres://localhost/x").must(exitFailed, "psql"); !strings.Contains(got.err, "psql is not installed") {
		t.Errorf("without psql it said %q", got.err)
	}
	newCLI(t).must(exitUsage, "psql")
}
