//go:build unix

// Package enginetest holds the engine against an independent model of it, its log against tampering, its plans against
// large tables. Everything goes through SQL, as a server's calls do.
package enginetest

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// connect opens one session as the owner of the database.
func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(context.Background(), "set statement_timeout = '20s'; set timezone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// limitSegments lets a session setting say after how many nodes a live segment is cut, in place of the wall clock, which no
// test can command. Folding again, which gives no budget, goes by what is recorded, as ever.
func limitSegments(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	ctx := context.Background()
	var arguments, names string
	const find = `select pg_get_function_identity_arguments(p.oid), array_to_string(p.proargnames[:p.pronargs], ', ')
		from pg_proc p where p.pronamespace = 'meshhook_engine'::regnamespace and p.proname = 'decide'`
	if err := conn.QueryRow(ctx, find).Scan(&arguments, &names); err != nil {
		t.Fatal(err)
	}
	call, ok := strings.CutSuffix(names, "p_limit, p_budget")
	if !ok {
		t.Fatalf("decide takes %s", names)
	}
	_, err := conn.Exec(ctx, `
		alter function meshhook_engine.decide rename to decide_within;
		create function meshhook_engine.decide(`+arguments+`) returns meshhook_engine.decision language plpgsql as $$
		begin
		  return meshhook_engine.decide_within(`+call+`
		    case when p_budget is null then p_limit else nullif(current_setting('meshhook.step_limit', true), '0')::int end, null);
		end $$;
		alter function meshhook_engine.decide owner to meshhook_engine`)
	if err != nil {
		t.Fatal(err)
	}
}
