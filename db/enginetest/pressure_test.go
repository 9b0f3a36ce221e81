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

// TestSlotsUnderContention starts runs of few keys from many sessions while others claim, deliver, cancel and wake: at no
// moment are more runs of a key under way than it has slots, nothing deadlocks, and in the end every run has ended, without
// anybody's help but that of workers that claim and wake.
func TestSlotsUnderContention(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	must(t, conn, "select meshhook.create_project('proof')")
	for name, way := range map[string]string{"queue": "queue", "drop": "drop_new", "cancel": "cancel_old"} {
		must(t, conn, "select meshhook.publish('proof', $1, $2)", name, fmt.Sprintf(`{"apiVersion": "meshhook/v1", "name": %q,
			"nodes": {"a": {"type": "http_call", "with": {"url": "http://one.test/"}}}, "edges": [{"from": "trigger", "to": "a"}],
			"policy": {"concurrency": {"key": "trigger.body.k", "limit": 2, "on_limit": %q}}}`, name, way))
	}
	const each, starters, keys = 12, 3, 3
	var stop sync.WaitGroup
	done := make(chan struct{})
	stop.Add(starters)
	start := func(way string) func(c *pgx.Conn) error {
		return func(c *pgx.Conn) error {
			defer stop.Done()
			for n := range each {
				if _, err := c.Exec(t.Context(), "select meshhook.start('proof', $1, jsonb_build_object('k', $2::int)) from generate_series(1, 3)", way, n%keys); err != nil {
					return err
				}
			}
			return nil
		}
	}
	ended := func(c *pgx.Conn) bool {
		select {
		case <-done:
		default:
			return false
		}
		return get[int](t, c, "select count(*)::int from meshhook.runs where finished_at is null") == 0
	}
	work := func(process int) func(c *pgx.Conn) error {
		return func(c *pgx.Conn) error {
			for round := 0; !ended(c); round++ {
				if round > 2000 {
					return fmt.Errorf("%d runs do not come to their end", get[int](t, c, "select count(*)::int from meshhook.runs where finished_at is null"))
				}
				if err := claim(t.Context(), c, process, 5); err != nil {
					return fmt.Errorf("claim: %w", err)
				}
				// What the process holds, delivered in one group; some twice, by two processes.
				if _, err := c.Exec(t.Context(), `select meshhook_engine.deliver($1, 0, array(
					select jsonb_build_object('run', r.id, 'step', 'a', 'attempt', 1, 'take', false, 'kind', 'call', 'job', r.jobs -> 'a', 'response', '{"status": 200}'::jsonb)
					from meshhook.runs r join meshhook_river.river_job j on j.id = (r.jobs ->> 'a')::bigint
					where r.finished_at is null and j.state = 'running' order by random() limit 4), array[]::bytea[])`, process); err != nil {
					return fmt.Errorf("deliver: %w", err)
				}
				if round%5 == process {
					if _, err := c.Exec(t.Context(), "select meshhook_engine.wake($1, 20)", process); err != nil {
						return fmt.Errorf("wake: %w", err)
					}
				}
			}
			return nil
		}
	}
	watch := func(c *pgx.Conn) error {
		for !ended(c) {
			if over := get[int](t, c, `select count(*)::int from (
				select from meshhook.concurrency_slots s join meshhook.runs r on r.id = s.run_id
				where s.state = 'held' and r.finished_at is null group by s.workflow_id, s.key having count(*) > 2) x`); over > 0 {
				return fmt.Errorf("%d keys have more runs under way than slots", over)
			}
			if over := get[int](t, c, `select count(*)::int from (
				select from meshhook.runs r join meshhook.events e on e.run_id = r.id and e.seq = 1
				where r.finished_at is null and r.frontier ->> 'n' <> '' group by r.workflow_id, e.data #> '{held,key}' having count(*) > 2) x`); over > 0 {
				return fmt.Errorf("%d keys have more runs under way than slots", over)
			}
		}
		return nil
	}
	cancel := func(c *pgx.Conn) error {
		for !ended(c) {
			if _, err := c.Exec(t.Context(), `do $$ begin perform meshhook.cancel(id) from (select id from meshhook.runs where finished_at is null order by random() limit 1) r;
				exception when sqlstate 'MH409' then null; end $$; select pg_sleep(0.05)`); err != nil {
				return fmt.Errorf("cancel: %w", err)
			}
		}
		return nil
	}
	go func() { stop.Wait(); close(done) }()
	atOnce(t, url, start("queue"), start("drop"), start("cancel"), work(1), work(2), work(3), watch, cancel)

	if left := get[int](t, conn, "select (select count(*) from meshhook.concurrency_slots)::int + (select count(*) from meshhook.waits)::int"); left > 0 {
		t.Errorf("%d slots and waits are left over", left)
	}
	if bad := get[int](t, conn, "select count(*)::int from meshhook.runs r, meshhook.verify(r.id)"); bad > 0 {
		t.Errorf("the log differs in %d places", bad)
	}
	if n := get[int](t, conn, `select count(*)::int from meshhook.runs r join meshhook.workflows w on w.id = r.workflow_id
		where w.name = 'queue' and r.status <> 'succeeded' and r.error ->> 'code' <> 'MH_CANCELED'`); n > 0 {
		t.Errorf("%d runs that only had to wait did not succeed", n)
	}
}
