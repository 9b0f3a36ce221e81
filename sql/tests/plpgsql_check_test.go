//go:build unix

package tests

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestFunctionBodies lets plpgsql_check read every body: missing columns, unused variables, wrong volatility.
func TestFunctionBodies(t *testing.T) {
	pool := dbtest.New(t)
	var available bool
	err := pool.QueryRow(t.Context(), "select exists (select from pg_available_extensions where name = 'plpgsql_check')").Scan(&available)
	if err != nil {
		t.Fatal(err)
	}
	if !available {
		t.Skip("plpgsql_check IS MISSING, FUNCTION BODIES ARE NOT CHECKED. Debian: apt-get install postgresql-15-plpgsql-check")
	}
	if _, err := pool.Exec(t.Context(), "create extension plpgsql_check"); err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), `
		select format('%s line %s: %s: %s %s %s', f.oid::regprocedure, c.lineno, c.level, c.message, c.detail, c.hint)
		from pg_proc f
		left join lateral (select t.tgrelid from pg_trigger t where t.tgfoid = f.oid order by t.tgrelid limit 1) t on true
		cross join lateral plpgsql_check_function_tb(f.oid, coalesce(t.tgrelid, 0),
		  oldtable => (select g.tgoldtable from pg_trigger g where g.tgfoid = f.oid and g.tgoldtable is not null limit 1),
		  newtable => (select g.tgnewtable from pg_trigger g where g.tgfoid = f.oid and g.tgnewtable is not null limit 1),
		  security_warnings => true, performance_warnings => true, fatal_errors => false) c
		where f.pronamespace in ('meshhook'::regnamespace, 'meshhook_expr'::regnamespace, 'meshhook_engine'::regnamespace)
		  and f.prolang = (select oid from pg_language where lanname = 'plpgsql')
		  and (f.prorettype <> 'trigger'::regtype or t.tgrelid is not null)
		  and c.sqlstate !~ '^MH' -- a failure on purpose with constant arguments, which the check met while planning
		  and c.message <> 'target type is different type than source type' -- a literal like return 'null', mostly
		  and c.message <> 'control reached end of function without RETURN' -- what has no end: loops, and calls that raise
		  and c.message not like 'unused parameter %' -- what callers give is a contract
		  and not (c.message like 'name of parameter % is reserved keyword' and f.pronamespace = 'meshhook'::regnamespace) -- and so are names`)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}
