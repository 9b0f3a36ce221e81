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
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestLockOrder lets sessions deliver results of the same runs in opposite order, cancel them, pause, resume, skip and retry them,
// claim, wake and requeue them all at once. Nothing deadlocks, each result is recorded once, and every run is proven.
func TestLockOrder(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'wide', $1)", `{"apiVersion": "meshhook/v1", "name": "wide",
		"nodes": {"a": {"type": "http_call", "with": {"url": "http://target.test/"}}, "b": {"type": "http_call", "with": {"url": "http://target.test/"}},
			"nap": {"type": "delay", "with": {"for": "1ms"}}, "end": {"type": "http_call", "with": {"url": "http://target.test/"}}},
		"edges": [{"from": "trigger", "to": "a"}, {"from": "trigger", "to": "b"}, {"from": "trigger", "to": "nap"},
			{"from": "a", "to": "end"}, {"from": "b", "to": "end"}, {"from": "nap", "to": "end"}]}`)

	const rounds, width = 6, 20
	for round := range rounds {
		var runs []string
		for range width {
			runs = append(runs, get[string](t, conn, "select meshhook.start('proof', 'wide')::text"))
		}
		backwards := slices.Clone(runs)
		slices.Reverse(backwards)
		group := func(runs []string, steps ...string) string {
			text := ""
			for _, step := range steps {
				for _, r := range runs {
					text += fmt.Sprintf(`,{"run": %q, "step": %q, "attempt": 1, "take": true, "kind": "call", "response": {"status": 200}}`, r, step)
				}
			}
			return "[" + text[1:] + "]"
		}
		const deliver = `select count(*) filter (where verdict = 'recorded') from meshhook_engine.deliver($1, 100, array(select jsonb_array_elements($2::jsonb)), array[]::bytea[])`
		work := []func(c *pgx.Conn) (int, error){
			func(c *pgx.Conn) (n int, err error) {
				return n, c.QueryRow(t.Context(), deliver, 1, group(runs, "a", "b")).Scan(&n)
			},
			func(c *pgx.Conn) (n int, err error) {
				return n, c.QueryRow(t.Context(), deliver, 2, group(backwards, "b", "a")).Scan(&n)
			},
			func(c *pgx.Conn) (n int, err error) {
				return n, c.QueryRow(t.Context(), deliver, 3, group(backwards, "a")).Scan(&n)
			},
			func(c *pgx.Conn) (int, error) {
				_, err := c.Exec(t.Context(), "select meshhook_engine.wake(4, 100)")
				return 0, err
			},
			func(c *pgx.Conn) (int, error) {
				_, err := c.Exec(t.Context(), "select meshhook_engine.beat(p, array(select id from meshhook_river.river_job)) from unnest(array[1, 2]) p")
				return 0, err
			},
			func(c *pgx.Conn) (int, error) {
				if round%3 > 0 {
					return 0, nil
				}
				_, err := c.Exec(t.Context(), "select meshhook.requeue()")
				return 0, err
			},
			func(c *pgx.Conn) (int, error) {
				_, err := c.Exec(t.Context(), "select meshhook.cancel($1)", runs[width/2])
				var e *pgconn.PgError
				if errors.As(err, &e) && e.Code == "MH409" {
					err = nil
				}
				return 0, err
			},
		}
		work = append(work, steering(t, runs)...)
		var wait sync.WaitGroup
		start := make(chan struct{})
		counts, errs := make([]int, len(work)), make([]error, len(work))
		for k, f := range work {
			c := connect(t, url)
			wait.Go(func() {
				defer c.Close(context.WithoutCancel(t.Context()))
				<-start
				counts[k], errs[k] = f(c)
			})
		}
		close(start)
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		must(t, conn, "select meshhook.resume_all('proof', per_second => null)")
		attempts := get[int](t, conn, "select count(*)::int from meshhook.events where run_id = any ($1) and type = 'call.attempted'", runs)
		if recorded := counts[0] + counts[1] + counts[2]; recorded != attempts {
			t.Fatalf("round %d: %d results are told as recorded, %d are in the log", round, recorded, attempts)
		}
		if twice := get[int](t, conn, `select count(*)::int from (select from meshhook.events where run_id = any ($1) and type = 'call.attempted'
			group by run_id, step, attempt having count(*) > 1) x`, runs); twice > 0 {
			t.Fatalf("round %d: %d attempts are in the log twice", round, twice)
		}
		for _, r := range runs {
			if named := verify(t, conn, r); len(named) > 0 {
				t.Fatalf("round %d: %s is not proven: %v", round, r, named)
			}
		}
		if bad := get[int](t, conn, `select count(*)::int from meshhook.runs r cross join jsonb_object_keys(r.frontier -> 'open') o(step)
			where r.id = any ($1) and not exists (select from meshhook.waits w where w.run_id = r.id and w.step = o.step)
			  and not exists (select from meshhook_river.river_job j where j.id = (r.jobs ->> o.step)::bigint)`, runs); bad > 0 {
			t.Fatalf("round %d: %d open steps are held by nobody", round, bad)
		}
	}
}
