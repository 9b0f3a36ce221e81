//go:build unix

package enginetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db/dbtest"
)

// atOnce lets each function work on a session of its own, all at the same moment.
func atOnce(t *testing.T, url string, work ...func(c *pgx.Conn) error) {
	t.Helper()
	var wait sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, len(work))
	for k, f := range work {
		c := connect(t, url)
		wait.Go(func() {
			defer c.Close(context.WithoutCancel(t.Context()))
			<-start
			if err := f(c); err != nil {
				errs[k] = fmt.Errorf("session %d: %w", k, err)
			}
		})
	}
	close(start)
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// claim takes up to max rows as River does, in a transaction of its own, then begins them.
func claim(ctx context.Context, c *pgx.Conn, process, max int) error {
	var ids []int64
	err := c.QueryRow(ctx, `with c as (update meshhook_river.river_job set state = 'running', attempted_by = array[$1::int::text] where id in (
		select id from meshhook_river.river_job where state = 'available' order by priority, scheduled_at, id limit $2 for update skip locked) returning id)
		select coalesce(array_agg(id), '{}') from c`, process, max).Scan(&ids)
	if err == nil {
		_, err = c.Exec(ctx, "select count(*) from meshhook_engine.begin($1, $2)", process, ids)
	}
	return err
}

// TestGatesUnderContention lets sessions claim and deliver calls that share breakers and rates in opposite orders, while
// others trip and reset the breakers, change the rates and wake. Nothing deadlocks, every open call is held by somebody or
// waits, and every run is proven.
func TestGatesUnderContention(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'gated', $1)", `{"apiVersion": "meshhook/v1", "name": "gated",
		"nodes": {"a": {"type": "http_call", "with": {"url": "http://one.test/"}, "breaker": {"key": "x", "failures": 3}, "retry": {"base": "1ms"}},
			"b": {"type": "http_call", "with": {"url": "http://two.test/"}, "breaker": {"key": "y", "failures": 3}, "retry": {"base": "1ms"}},
			"c": {"type": "http_call", "with": {"url": "http://one.test/"}, "breaker": {"key": "y", "rate": 0.5, "min_calls": 5}}},
		"edges": [{"from": "trigger", "to": "a"}, {"from": "trigger", "to": "b"}, {"from": "a", "to": "c"}]}`)
	const rounds, width = 5, 16
	for range rounds {
		var runs []string
		for range width {
			runs = append(runs, get[string](t, conn, "select meshhook.start('proof', 'gated')::text"))
		}
		backwards := slices.Clone(runs)
		slices.Reverse(backwards)
		const deliver = `select count(*) from meshhook_engine.deliver($1, 100, array(
			select jsonb_build_object('run', r, 'step', s, 'attempt', 1, 'take', true, 'kind', 'call', 'response', jsonb_build_object('status', case when n % 3 = 0 then 200 else 503 end))
			from unnest($2::text[]) with ordinality x(r, n) cross join unnest($3::text[]) s), array[]::bytea[])`
		exec := func(sql string, args ...any) func(c *pgx.Conn) error {
			return func(c *pgx.Conn) error {
				_, err := c.Exec(t.Context(), sql, args...)
				return err
			}
		}
		atOnce(t, url,
			func(c *pgx.Conn) error { return claim(t.Context(), c, 1, 12) }, func(c *pgx.Conn) error { return claim(t.Context(), c, 2, 12) },
			exec(deliver, 1, runs, []string{"a", "b"}), exec(deliver, 2, backwards, []string{"b", "a"}), exec(deliver, 3, backwards, []string{"c", "b"}),
			exec("select meshhook.trip_breaker('proof', k, '10 minutes') from unnest(array['y', 'x']) k"),
			exec("select meshhook.trip_breaker('proof', 'x', '1 ms'), meshhook.reset_breaker('proof', 'x')"),
			exec("select meshhook.set_limit('proof', 'calls', 'one.test', 5, '1 s'), meshhook.set_limit('proof', 'calls', null, 100, '1 s', 5), meshhook.set_limit('proof', 'calls')"),
			exec("select meshhook_engine.wake(4, 100)"), exec("select meshhook_engine.wake(5, 100)"),
		)
	}
	if bad := get[int](t, conn, `select count(*)::int from meshhook.runs r cross join jsonb_object_keys(r.frontier -> 'open') o(step)
		where not exists (select from meshhook.waits w where w.run_id = r.id and w.step = o.step)
		  and not exists (select from meshhook_river.river_job j where j.id = (r.jobs ->> o.step)::bigint)`); bad > 0 {
		t.Fatalf("%d open calls are held by nobody", bad)
	}
	if bad := get[int](t, conn, `select count(*)::int from meshhook.runs r where r.wake_at is null and exists (select from meshhook.waits w where w.run_id = r.id)`); bad > 0 {
		t.Fatalf("%d runs wait without knowing it", bad)
	}
	if bad := get[int](t, conn, "select count(*)::int from meshhook.runs r, meshhook.verify(r.id)"); bad > 0 {
		t.Fatalf("the log differs in %d places", bad)
	}
}
