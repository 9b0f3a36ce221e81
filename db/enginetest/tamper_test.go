//go:build unix

package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestTamper changes the log of a finished run, one event after the other, as only the owner of the tables can, past the
// guard. The proof names the event that was changed, and nothing is wrong with the run before and after.
func TestTamper(t *testing.T) {
	ctx := t.Context()
	conn := connect(t, dbtest.URL(t))
	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'orders', $1)", `{
		"apiVersion": "meshhook/v1", "name": "orders",
		"nodes": {
			"shape": {"type": "transform", "with": {"expr": "{n: trigger.body.n, all: trigger.body.text}"}},
			"big": {"type": "branch", "with": {"cases": [{"port": "large", "when": "steps.shape.n > `+"`5`"+`"}], "default": "small"}},
			"nap": {"type": "delay", "with": {"for": "10s"}},
			"post": {"type": "http_call", "with": {"url": "http://target.test/", "method": "POST", "body": "{{ steps.shape }}"}},
			"end": {"type": "terminate", "with": {"output": "{{ steps.post.body }}"}}},
		"edges": [{"from": "trigger", "to": "shape"}, {"from": "shape", "to": "big"}, {"from": "big", "port": "large", "to": "nap"},
			{"from": "big", "port": "small", "to": "end"}, {"from": "nap", "to": "post"}, {"from": "post", "to": "end"}]}`)
	must(t, conn, `with e as (insert into meshhook.endpoints (id, project_id, token, name)
		select '00000000-0000-7000-8000-000000000001', id, 'token', 'orders' from meshhook.projects where slug = 'proof' returning id, project_id)
		insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, e.project_id from e, meshhook.workflows w`)
	long := make([]byte, 20000) // the request, the transform and the intent are too large for the log and stand in payloads
	for i := range long {
		long[i] = "0123456789abcdef"[(i*i/7+i)%16]
	}

	for _, door := range []string{"webhook", "sql"} {
		t.Run(door, func(t *testing.T) {
			must(t, conn, "reset meshhook.fake_now")
			var run string
			body, _ := json.Marshal(map[string]any{"n": 7, "text": string(long)})
			if door == "sql" {
				run = get[string](t, conn, "select meshhook.start('proof', 'orders', $1)::text", string(body))
			} else {
				run = get[string](t, conn, `select run_id::text from meshhook_engine.accept(null, 0, array['{"endpoint": "00000000-0000-7000-8000-000000000001",
					"method": "POST", "path": "/hooks/token", "headers": {"content-type": "application/json"}}'::jsonb], array[$1::bytea])`, body)
			}
			// An hour on: the delay is over. A failed attempt, then a good one.
			must(t, conn, "select set_config('meshhook.fake_now', (clock_timestamp() + interval '1 hour')::text, false)")
			must(t, conn, "select meshhook_engine.wake(null, 10)")
			deliver := `select verdict from meshhook_engine.deliver(null, 0, array[jsonb_build_object('run', $1::text, 'step', 'post', 'attempt', $2::int,
				'kind', 'call', 'response', jsonb_build_object('status', $3::int, 'headers', '{"content-type": "application/json"}'::jsonb, 'text', true))],
				array['{"ok": true}'::bytea])`
			for attempt, status := range []int{503, 200} {
				if v := get[string](t, conn, deliver, run, attempt+1, status); v != "recorded" {
					t.Fatal(v)
				}
				must(t, conn, "select set_config('meshhook.fake_now', (clock_timestamp() + interval '2 hours')::text, false)")
				must(t, conn, "select meshhook_engine.wake(null, 10)")
			}
			if s := get[string](t, conn, "select status::text from meshhook.runs where id = $1", run); s != "succeeded" {
				t.Fatal(s)
			}
			if named := verify(t, conn, run); len(named) > 0 {
				t.Fatalf("before: %v", named)
			}
			last := get[int](t, conn, "select seq from meshhook.runs where id = $1", run)
			for seq := 1; seq <= last; seq++ {
				table := "events"
				if get[bool](t, conn, "select data ? 'payload' from meshhook.events where run_id = $1 and seq = $2", run, seq) {
					table = "payloads"
				}
				label := get[string](t, conn, "select type::text || ' in ' || $3 from meshhook.events where run_id = $1 and seq = $2", run, seq, table)

				// A field more: the event alone is wrong.
				named := tampered(t, conn, run, table, seq, `data || '{"field": "more"}'`)
				if !slices.Equal(named, []int{seq}) {
					t.Errorf("%s: event %d was changed, verify names %v", label, seq, named)
				}
				// Another number in it: what follows from it may be wrong as well, what went before is not.
				named = tampered(t, conn, run, table, seq, `'{"n": 8}'`)
				if len(named) == 0 || named[0] != seq {
					t.Errorf("%s: event %d was replaced, verify names %v", label, seq, named)
				}
			}
			// An event is gone: the gap is named.
			for seq := 2; seq < last; seq++ {
				named := tampering(t, conn, run, func(tx pgx.Tx) {
					must(t, tx, "delete from meshhook.events where run_id = $1 and seq = $2", run, seq)
				})
				if len(named) == 0 || named[0] != seq && named[0] != seq+1 {
					t.Errorf("event %d is gone, verify names %v", seq, named)
				}
			}
			// The snapshot, and the webhook's bytes.
			for _, change := range []string{
				"update meshhook.runs set output = '{}' where id = $1", "update meshhook.runs set status = 'failed' where id = $1",
				"update meshhook.runs set frontier = jsonb_set(frontier, '{n}', '\"sssxs\"') where id = $1",
				"update meshhook.requests set body = body || ' ' where run_ids @> array[$1::uuid]",
			} {
				if door == "sql" && strings.Contains(change, "requests") {
					continue
				}
				named := tampering(t, conn, run, func(tx pgx.Tx) { must(t, tx, change, run) })
				if len(named) == 0 {
					t.Errorf("%s: verify finds nothing", change)
				}
			}
			if named := verify(t, conn, run); len(named) > 0 {
				t.Fatalf("after: %v", named)
			}
			if _, err := conn.Exec(ctx, "update meshhook.events set data = '{}' where run_id = $1", run); err == nil {
				t.Error("the guard let an update through")
			}
		})
	}
}

// tampered is what verify names after one event's data has become another value.
func tampered(t *testing.T, conn *pgx.Conn, run, table string, seq int, value string) []int {
	t.Helper()
	return tampering(t, conn, run, func(tx pgx.Tx) {
		must(t, tx, fmt.Sprintf("update meshhook.%s set data = %s where run_id = $1 and seq = $2", table, value), run, seq)
	})
}

// tampering is what verify names after a change past the guards, which is then undone.
func tampering(t *testing.T, conn *pgx.Conn, run string, change func(pgx.Tx)) []int {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	must(t, tx, "set local session_replication_role = replica")
	change(tx)
	must(t, tx, "set local session_replication_role = origin")
	return verify(t, tx, run)
}

// verify lists the seqs that verify names, each once.
func verify(t *testing.T, q querier, run string) []int {
	t.Helper()
	rows, err := q.Query(t.Context(), "select distinct seq from meshhook.verify($1) order by seq", run)
	if err == nil {
		var seqs []int
		if seqs, err = pgx.CollectRows(rows, pgx.RowTo[int]); err == nil {
			return seqs
		}
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		t.Fatalf("verify: %v\n%s", err, e.Where)
	}
	t.Fatalf("verify: %v", err)
	return nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func must(t testing.TB, q querier, sql string, args ...any) {
	t.Helper()
	rows, err := q.Query(context.Background(), sql, args...)
	if err == nil {
		rows.Close()
		err = rows.Err()
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func get[T any](t testing.TB, q querier, sql string, args ...any) T {
	t.Helper()
	var v T
	rows, err := q.Query(context.Background(), sql, args...)
	if err == nil {
		v, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}
