//go:build unix

package enginetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestSignalsAreNeverLost lets sessions begin to wait for signals, send them, and wake, all at once: every signal is taken
// exactly once, whichever came first; nothing deadlocks; every run is proven.
func TestSignalsAreNeverLost(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	must(t, conn, "select meshhook.create_project('proof')")
	// Two after the other, so that a run woken by one signal begins to wait for the next in the sender's own transaction.
	must(t, conn, "select meshhook.publish('proof', 'pair', $1)", `{"apiVersion": "meshhook/v1", "name": "pair",
		"nodes": {"a": {"type": "wait", "with": {"signal": "ping", "key": "trigger.body.k"}}, "b": {"type": "wait", "with": {"signal": "pong", "key": "trigger.body.k"}},
			"end": {"type": "transform", "with": {"expr": "[steps.a, steps.b]"}}},
		"edges": [{"from": "trigger", "to": "a"}, {"from": "a", "to": "b"}, {"from": "b", "to": "end"}]}`)

	const keys = 120
	var wg sync.WaitGroup
	do := func(statement func(k int) string, reverse bool) {
		c := connect(t, url)
		wg.Go(func() {
			for i := range keys {
				k := i
				if reverse {
					k = keys - 1 - i
				}
				if _, err := c.Exec(context.Background(), statement(k)); err != nil {
					t.Errorf("%s: %v", statement(k), err)
				}
			}
		})
	}
	do(func(k int) string { return fmt.Sprintf(`select meshhook.start('proof', 'pair', '{"k": %d}')`, k) }, false)
	do(func(k int) string {
		return fmt.Sprintf(`select meshhook.signal('proof', 'ping', '%d', '"ping %d"')`, k, k)
	}, false)
	do(func(k int) string {
		return fmt.Sprintf(`select meshhook.signal('proof', 'pong', '%d', '"pong %d"')`, k, k)
	}, true)
	for process := range 2 {
		do(func(int) string { return fmt.Sprintf(`select meshhook_engine.wake(%d, 20)`, process+1) }, false)
	}
	wg.Wait()
	for get[int](t, conn, "select count(*)::int from meshhook.waits where due_at <= meshhook_engine.clock()") > 0 {
		must(t, conn, "select meshhook_engine.wake(1, 100)")
	}
	var wrong []string
	rows, err := conn.Query(t.Context(), `select format('%s %s', status, output) from meshhook.runs
		where status <> 'succeeded' or output ->> 0 not like 'ping %' or output ->> 1 <> replace(output ->> 0, 'ping', 'pong')`)
	if err == nil {
		wrong, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(wrong) > 0 {
		t.Errorf("%d runs are wrong: %v", len(wrong), wrong[:min(5, len(wrong))])
	}
	if n := get[int](t, conn, "select count(*)::int from meshhook.runs"); n != keys {
		t.Errorf("%d runs", n)
	}
	if n := get[int](t, conn, "select count(*)::int from meshhook.signals"); n != 0 {
		t.Errorf("%d signals were taken by nobody", n)
	}
	if n := get[int](t, conn, "select count(*)::int from (select run_id, step from meshhook.events where type = 'signal.received' group by 1, 2 having count(*) > 1) d"); n != 0 {
		t.Errorf("%d steps took a signal twice", n)
	}
	if bad := get[int](t, conn, "select count(*)::int from meshhook.runs r, meshhook.verify(r.id) v"); bad != 0 {
		t.Errorf("%d problems", bad)
	}
}

// TestOneSignalWakesAll sends one signal without a key to runs that begin to wait for it while it is sent, and then another:
// each run has taken one, and the senders do not deadlock over runs that they share.
func TestOneSignalWakesAll(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'all', $1)", `{"apiVersion": "meshhook/v1", "name": "all",
		"nodes": {"a": {"type": "wait", "with": {"signal": "left"}}, "b": {"type": "wait", "with": {"signal": "right"}}, "c": {"type": "wait", "with": {"signal": "left"}}},
		"edges": [{"from": "trigger", "to": "a"}, {"from": "trigger", "to": "b"}, {"from": "b", "to": "c"}]}`)
	const rounds = 40
	var wg sync.WaitGroup
	do := func(statement string) {
		c := connect(t, url)
		wg.Go(func() {
			for range rounds {
				if _, err := c.Exec(context.Background(), statement); err != nil {
					t.Errorf("%s: %v", statement, err)
				}
			}
		})
	}
	do("select meshhook.start('proof', 'all') from generate_series(1, 3)")
	do("select meshhook.signal('proof', 'left')")
	do("select meshhook.signal('proof', 'right')")
	do("select meshhook_engine.wake(1, 50)")
	do("select meshhook_engine.wake(2, 50)")
	wg.Wait()
	for get[int](t, conn, "select count(*)::int from meshhook.runs where finished_at is null") > 0 {
		must(t, conn, "select meshhook_engine.wake(1, 1000)")
		must(t, conn, "select meshhook.signal('proof', 'left')")
		must(t, conn, "select meshhook.signal('proof', 'right')")
	}
	if n := get[int](t, conn, "select count(*)::int from meshhook.runs where status = 'succeeded'"); n != 3*rounds {
		t.Errorf("%d runs succeeded", n)
	}
	if bad := get[int](t, conn, "select count(*)::int from meshhook.runs r, meshhook.verify(r.id) v"); bad != 0 {
		t.Errorf("%d problems", bad)
	}
	if n := get[int](t, conn, "select count(*)::int from meshhook.waits"); n != 0 {
		t.Errorf("%d waits of runs that have ended", n)
	}
}
