package db_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/dbtest"
)

func migrate(t *testing.T, url string) db.MigrationReport {
	t.Helper()
	report, err := db.Migrate(t.Context(), url, db.MigrateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func run(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func ask[T any](t *testing.T, pool *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := pool.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func TestMigrateTwiceChangesNothing(t *testing.T) {
	url := dbtest.Empty(t)
	plan, err := db.MigrationPlan(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if n := ask[int](t, dbtest.Open(t, url), "select count(*) from pg_namespace where nspname like 'meshhook%'"); n != 0 {
		t.Fatalf("planning made %d schemas", n)
	}

	first := migrate(t, url)
	if len(first.Migrations) == 0 || len(first.Queue) == 0 || len(first.Files) == 0 {
		t.Fatalf("a new database got %+v", first)
	}
	if planned := len(first.Migrations) + len(first.Queue) + len(first.Files); len(plan) != planned {
		t.Errorf("the plan had %d items, %d were applied", len(plan), planned)
	}
	if second := migrate(t, url); second.Changed() != 0 {
		t.Errorf("the second time changed %+v", second)
	}
	if plan, err = db.MigrationPlan(t.Context(), url); err != nil || len(plan) != 0 {
		t.Errorf("nothing is left to do, yet the plan is %v %v", plan, err)
	}
}

// TestMigrateHelper is not a test: it is the process that the test below starts.
func TestMigrateHelper(t *testing.T) {
	url := os.Getenv("MESHHOOK_TEST_MIGRATE")
	if url == "" {
		t.Skip("runs as a process of its own")
	}
	report := migrate(t, url)
	fmt.Printf("applied=%d\n", len(report.Migrations))
}

func TestMigrateFiveProcessesAtOnce(t *testing.T) {
	url := dbtest.Empty(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	outputs := make([]string, 5)
	for i := range outputs {
		wg.Go(func() {
			c := exec.CommandContext(t.Context(), self, "-test.run=^TestMigrateHelper$")
			c.Env = append(os.Environ(), "MESHHOOK_TEST_MIGRATE="+url)
			out, err := c.CombinedOutput()
			outputs[i] = string(out)
			if err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		})
	}
	wg.Wait()
	idle := 0
	for _, out := range outputs {
		if strings.Contains(out, "applied=0\n") {
			idle++
		}
	}
	if idle != 4 {
		t.Errorf("%d of 5 processes found nothing to do, want 4", idle)
	}
}

func TestMigrateRefusesNewerSchema(t *testing.T) {
	url := dbtest.URL(t)
	pool := dbtest.Open(t, url)
	run(t, pool, "insert into meshhook.goose_db_version (version_id, is_applied) values (99999, true)")
	run(t, pool, "update meshhook.repeatables set sha256 = 'other' where name = 'grants.sql'")
	_, err := db.Migrate(t.Context(), url, db.MigrateOptions{})
	if db.Code(err) != "MH_SCHEMA_NEWER" {
		t.Fatalf("got %v", err)
	}
	if sha := ask[string](t, pool, "select encode(sha256, 'escape') from meshhook.repeatables where name = 'grants.sql'"); sha != "other" {
		t.Error("an older binary applied its files over a newer schema")
	}
}

func TestMigrateAppliesChangedAndForgetsGoneFiles(t *testing.T) {
	url := dbtest.URL(t)
	pool := dbtest.Open(t, url)
	run(t, pool, "update meshhook.repeatables set sha256 = 'other' where name = 'grants.sql'")
	run(t, pool, "insert into meshhook.repeatables (name, sha256) values ('views/gone.sql', 'x')")
	run(t, pool, "drop function meshhook_engine.clock() cascade")

	report := migrate(t, url)
	if got := fmt.Sprint(report.Files); got != "[grants.sql views/gone.sql]" {
		t.Errorf("changed were grants.sql and views/gone.sql, the report says %s", got)
	}
	if !ask[bool](t, pool, "select to_regprocedure('meshhook_engine.clock()') is not null") {
		t.Error("when one file changes, all are applied again")
	}
	if n := ask[int](t, pool, "select count(*) from meshhook.repeatables where name = 'views/gone.sql'"); n != 0 {
		t.Error("a file that is gone is still listed")
	}
}

// A function whose arguments changed leaves its former self behind, and calls become ambiguous.
func TestMigrateSweepsFunctionsThatNoFileMakes(t *testing.T) {
	url := dbtest.Empty(t)
	migrate(t, url)
	pool := dbtest.Open(t, url)
	run(t, pool, "create function meshhook_engine.iso(p_at timestamptz, p_old int default 0) returns text language sql as $$ select '' $$")
	run(t, pool, "create function meshhook.gone() returns int language sql as $$ select 1 $$")
	run(t, pool, "update meshhook.repeatables set sha256 = '' where name = 'grants.sql'")
	migrate(t, url)
	if n := ask[int](t, pool, "select count(*) from pg_proc where proname = 'iso' and pronargs = 2 or proname = 'gone'"); n != 0 {
		t.Errorf("%d leftovers stayed", n)
	}
	if text := ask[string](t, pool, "select meshhook_engine.iso('2026-01-02T03:04:05Z')"); text != "2026-01-02T03:04:05.000000Z" {
		t.Errorf("iso answers %q", text)
	}
}

func TestMigrateGivesWayToTablesInUse(t *testing.T) {
	url := dbtest.URL(t)
	pool := dbtest.Open(t, url)
	run(t, pool, "update meshhook.repeatables set sha256 = 'other'")
	reader, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback(context.WithoutCancel(t.Context()))
	if _, err := reader.Exec(t.Context(), "lock table meshhook.runs in access share mode"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Migrate(t.Context(), url, db.MigrateOptions{LockWait: time.Millisecond}); db.Code(err) != "MH_SCHEMA_BUSY" {
		t.Fatalf("got %v", err)
	}
	if n := ask[int](t, pool, "select count(*) from meshhook.repeatables where sha256 <> 'other'"); n != 0 {
		t.Errorf("%d files were applied although it failed", n)
	}
	if err := reader.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if report := migrate(t, url); len(report.Files) == 0 {
		t.Error("nothing was applied after the reader had left")
	}
}

func TestMigrationScriptMakesTheSameSchema(t *testing.T) {
	url := dbtest.Empty(t)
	var script strings.Builder
	if err := db.MigrationSQL(&script); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.PgConn().Exec(t.Context(), script.String()).ReadAll(); err != nil {
		t.Fatal(err)
	}
	report := migrate(t, url)
	if len(report.Migrations)+len(report.Queue)+len(report.Files) != 0 {
		t.Errorf("after the script there was still to do: %+v", report)
	}
}

// A login that owns the database and may make roles is enough; what it may not do is said with the cure.
func TestMigrateAsPlainOwner(t *testing.T) {
	server := dbtest.Server(t)
	root := dbtest.Open(t, server.URL)
	version := ask[int](t, root, "select current_setting('server_version_num')::int / 10000")
	for _, login := range []string{"plain_a", "plain_b"} {
		run(t, root, "create role "+login+" login createrole")
		run(t, root, "create database "+login+" owner "+login)
	}
	a := dbtest.As(t, strings.Replace(server.URL, "/postgres?", "/plain_a?", 1), "plain_a")
	b := dbtest.As(t, strings.Replace(server.URL, "/postgres?", "/plain_b?", 1), "plain_b")

	if report := migrate(t, a); report.Changed() == 0 {
		t.Error("a new database changed nothing")
	}
	if report := migrate(t, a); report.Changed() != 0 {
		t.Errorf("the second time changed %+v", report)
	}

	// Another login finds the roles made. Up to PostgreSQL 15 CREATEROLE lets it join them, later it must be let in.
	_, err := db.Migrate(t.Context(), b, db.MigrateOptions{})
	if version >= 16 {
		if db.Code(err) != "MH_ROLE_NOT_GRANTED" {
			t.Fatalf("a stranger to the roles got %v", err)
		}
		run(t, root, "grant meshhook_owner, meshhook_engine, meshhook_user, meshhook_admin to plain_b with admin option")
		_, err = db.Migrate(t.Context(), b, db.MigrateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}

	run(t, root, "create role nobody_special login")
	run(t, root, "create database nobody_special owner nobody_special")
	run(t, root, "drop owned by nobody_special")
	c := dbtest.As(t, strings.Replace(server.URL, "/postgres?", "/nobody_special?", 1), "nobody_special")
	if _, err := db.Migrate(t.Context(), c, db.MigrateOptions{}); db.Code(err) != "MH_ROLE_NOT_GRANTED" {
		t.Errorf("a login without CREATEROLE got %v", err)
	}
}

// Roles belong to the cluster: databases that are migrated at the same moment make them together.
func TestMigrateDatabasesOfOneClusterAtOnce(t *testing.T) {
	server := dbtest.Server(t)
	root := dbtest.Open(t, server.URL)
	var wg sync.WaitGroup
	for i := range 4 {
		name := fmt.Sprintf("together_%d", i)
		run(t, root, "create database "+name)
		url := strings.Replace(server.URL, "/postgres?", "/"+name+"?", 1)
		wg.Go(func() {
			if _, err := db.Migrate(t.Context(), url, db.MigrateOptions{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wg.Wait()
}

// The stand-in for a Supabase project lies beside the repository.
func TestMigrateOnSupabase(t *testing.T) {
	const bootstrap = "../../shared/supabase/bootstrap.sql"
	script, err := os.ReadFile(bootstrap)
	if err != nil {
		t.Skipf("no %s beside the repository", bootstrap)
	}
	server := dbtest.Server(t)
	conn, err := pgx.Connect(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.PgConn().Exec(t.Context(), string(script)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	url := dbtest.As(t, server.URL, "supabase_postgres")
	migrate(t, url)
	if report := migrate(t, url); report.Changed() != 0 {
		t.Errorf("the second time changed %+v", report)
	}
}
