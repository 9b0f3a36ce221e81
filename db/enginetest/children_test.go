//go:build unix

package enginetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestChildrenComeHome lets sessions bring up callers, end what they called, cancel some of both, wake and requeue, all at
// once and in opposite orders: nothing deadlocks, no caller is left waiting for a run that has ended, no called run is left
// working for a caller that has ended, and every run is proven.
func TestChildrenComeHome(t *testing.T) {
	url := dbtest.URL(t)
	conn := connect(t, url)
	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'child', $1)", `{"apiVersion": "meshhook/v1", "name": "child",
		"nodes": {"post": {"type": "http_call", "with": {"url": "http://target.test/"}}}, "edges": [{"from": "trigger", "to": "post"}]}`)
	must(t, conn, "select meshhook.publish('proof', 'middle', $1)", `{"apiVersion": "meshhook/v1", "name": "middle",
		"nodes": {"sub": {"type": "call", "with": {"workflow": "child"}}}, "edges": [{"from": "trigger", "to": "sub"}]}`)
	must(t, conn, "select meshhook.publish('proof', 'parent', $1)", `{"apiVersion": "meshhook/v1", "name": "parent",
		"nodes": {"a": {"type": "call", "with": {"workflow": "child"}}, "b": {"type": "call", "with": {"workflow": "middle"}}},
		"edges": [{"from": "trigger", "to": "a"}, {"from": "trigger", "to": "b"}]}`)
	must(t, conn, "select meshhook.start('proof', 'parent') from generate_series(1, 30)")

	// Whatever a queue row holds is done: a call is answered, a step is brought up. In groups, in any order.
	const work = `select count(*) from meshhook_engine.deliver($1, 0, array(
		select jsonb_build_object('run', r.id, 'step', h.key, 'attempt', coalesce(r.frontier #> array['open', h.key, 'a'], '0'), 'kind', 'call',
			'response', case when r.frontier #> array['open', h.key, 'a'] is not null then '{"status": 200}'::jsonb end)
		from meshhook.runs r cross join jsonb_each(r.jobs) h where r.finished_at is null order by random() limit 12), array[]::bytea[])`
	open := func() int {
		return get[int](t, conn, "select count(*)::int from meshhook.runs where finished_at is null")
	}
	var wg sync.WaitGroup
	var once sync.Mutex
	left := 400
	next := func() bool {
		once.Lock()
		defer once.Unlock()
		left--
		return left > 0
	}
	for i := range 6 {
		c := connect(t, url)
		wg.Go(func() {
			for next() {
				var err error
				switch n := rand.IntN(20); {
				case n < 12:
					_, err = c.Exec(context.Background(), work, i+1)
				case n < 17:
					_, err = c.Exec(context.Background(), "select meshhook_engine.wake($1, 50)", i+1)
				case n < 19:
					_, err = c.Exec(context.Background(), "select meshhook.requeue()")
				default:
					_, err = c.Exec(context.Background(), "select meshhook.cancel(id) from (select id from meshhook.runs where finished_at is null order by random() limit 1) r")
				}
				if e := (*pgconn.PgError)(nil); errors.As(err, &e) && e.Code == "MH409" {
					err = nil // it had ended in the meantime
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for round := 0; open() > 0; round++ {
		if round == 200 {
			t.Fatalf("%d runs never end: %s", open(), get[string](t, conn, `select string_agg(format('%s %s jobs %s open %s waits %s', w.name, r.status, r.jobs, r.frontier -> 'open',
				(select jsonb_agg(to_jsonb(x)) from meshhook.waits x where x.run_id = r.id)), e'\n') from meshhook.runs r join meshhook.workflows w on w.id = r.workflow_id where r.finished_at is null`))
		}
		must(t, conn, work, 1)
		must(t, conn, "select meshhook_engine.wake(1, 100)")
	}
	must(t, conn, "select meshhook_engine.wake(1, 1000)")
	for what, query := range map[string]string{
		"problems":         "select count(*)::int from meshhook.runs r, meshhook.verify(r.id) v",
		"waits left":       "select count(*)::int from meshhook.waits",
		"runs left behind": "select count(*)::int from meshhook.abandoned_runs",
		"callers that did not hear": `select count(*)::int from meshhook.runs r join meshhook.events e on e.run_id = r.id and e.type = 'child.finished'
			join meshhook.runs c on c.id = (e.data ->> 'run')::uuid where c.status::text <> e.data ->> 'status'`,
		"runs made twice": "select count(*)::int from (select parent_id, min(workflow_id) from meshhook.runs where parent_id is not null group by parent_id, workflow_id having count(*) > 1) d",
	} {
		if n := get[int](t, conn, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	t.Log(get[string](t, conn, "select string_agg(format('%s %s: %s', w.name, r.status, r.n), ', ') from (select workflow_id, status, count(*) as n from meshhook.runs group by 1, 2) r join meshhook.workflows w on w.id = r.workflow_id"))
	if fmt.Sprint(get[int](t, conn, "select count(*)::int from meshhook.runs where status = 'succeeded' and parent_id is null")) == "0" {
		t.Error("no caller came to its end")
	}
}
