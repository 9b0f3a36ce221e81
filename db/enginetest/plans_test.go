//go:build unix

package enginetest

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestPlans fills the tables with a hundred thousand runs and watches the plan of each statement inside the engine's
// functions: none may read a large table from end to end, however often the function was called before (generic plans too).
func TestPlans(t *testing.T) {
	if testing.Short() {
		t.Skip("fills large tables")
	}
	url := dbtest.URL(t)
	var plans []string
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if strings.Contains(n.Message, "plan:\n") {
			plans = append(plans, n.Message)
		}
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())

	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'orders', $1)", `{"apiVersion": "meshhook/v1", "name": "orders", "policy": {"deadline": "1d"},
		"nodes": {"shape": {"type": "transform", "with": {"expr": "{n: trigger.body.n}"}}, "post": {"type": "http_call", "with": {"url": "http://target.test/"}},
			"nap": {"type": "delay", "with": {"for": "1h"}}, "more": {"type": "http_call", "with": {"url": "http://target.test/{{ steps.shape.n }}", "body": "{{ steps.post.body }}"}}},
		"edges": [{"from": "trigger", "to": "shape"}, {"from": "shape", "to": "post"}, {"from": "post", "to": "nap"}, {"from": "nap", "to": "more"}]}`)
	must(t, conn, `with e as (insert into meshhook.endpoints (id, project_id, token, name)
		select '00000000-0000-7000-8000-000000000001', id, 'token', 'orders' from meshhook.projects where slug = 'proof' returning id, project_id)
		insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, e.project_id from e, meshhook.workflows w`)

	// A hundred thousand runs of the last days, as one real run was written, every hundredth of them open.
	model := get[string](t, conn, "select meshhook.start('proof', 'orders', '{\"n\": 1}')::text")
	for _, fill := range []string{
		`create temp table ids as select meshhook_engine.uuid_v7(now() - make_interval(secs => g * 4)) as id, now() - make_interval(secs => g * 4) as at, g
			from generate_series(1, 100000) g`,
		`insert into meshhook.runs (id, started_at, finished_at, deadline_at, project_id, workflow_id, version_id, seq, status, trigger, request_id, business_key, frontier, jobs)
			select i.id, i.at, case when g % 100 > 0 then i.at end, case when g % 100 = 0 then now() + interval '1 day' end, r.project_id, r.workflow_id, r.version_id, r.seq,
				(case when g % 100 > 0 then 'succeeded' else 'running' end)::meshhook.run_status, r.trigger, i.id, 'key-' || g % 5000, r.frontier, r.jobs
			from ids i, meshhook.runs r where r.id = '` + model + `'`,
		`insert into meshhook.events (run_id, at, seq, project_id, type, attempt, step, data, digest)
			select i.id, i.at, e.seq, e.project_id, e.type, e.attempt, e.step, e.data, e.digest from ids i, meshhook.events e where e.run_id = '` + model + `'`,
		`insert into meshhook.requests (id, received_at, project_id, verdict, endpoint_id, method, path, headers, body)
			select i.id, i.at, r.project_id, 'accepted', '00000000-0000-7000-8000-000000000001', 'POST', '/', '{}', '{"n": 1}' from ids i, meshhook.runs r where r.id = '` + model + `'`,
		`insert into meshhook.payloads (run_id, seq, project_id, data) select i.id, 1, r.project_id, '{}' from ids i, meshhook.runs r where r.id = '` + model + `' and i.g % 10 = 0`,
		`insert into meshhook.waits (run_id, step, kind, due_at, project_id) select i.id, 'post', 'retry', now() + interval '1 day', 1 from ids i where g % 10 = 0`,
		`insert into meshhook_river.river_job (kind, args, queue, max_attempts, state, scheduled_at, attempted_by)
			select 'run', jsonb_build_object('run_id', i.id), 'default', 25, 'scheduled', now(), '{77}' from ids i where g % 10 = 0`,
		"analyze",
	} {
		must(t, conn, fill)
	}
	large := regexp.MustCompile(`Seq Scan on (?:\w+\.)?((?:runs|events|requests|payloads)_\w+|waits)[^\n]*\(actual`)
	sizes := map[string]bool{}
	rows, err := conn.Query(t.Context(), `select relname::text from pg_class where relnamespace in ('meshhook'::regnamespace, 'meshhook_river'::regnamespace) and relkind = 'r' and reltuples > 5000`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		sizes[n] = true
	}
	if len(sizes) < 5 {
		t.Fatalf("large tables are only %v", names)
	}
	for _, set := range []string{
		"load 'auto_explain'", "set auto_explain.log_min_duration = 0", "set auto_explain.log_nested_statements = on", "set auto_explain.log_analyze = on",
		"set auto_explain.log_timing = off", "set auto_explain.log_level = notice", "set client_min_messages = notice",
	} {
		must(t, conn, set)
	}

	// judge looks through the plans seen since they were last forgotten.
	judge := func(name string) {
		t.Helper()
		if len(plans) == 0 {
			t.Errorf("%s: no plan was seen", name)
		}
		for _, p := range plans {
			for _, m := range large.FindAllStringSubmatch(p, -1) {
				if sizes[m[1]] {
					t.Errorf("%s reads all of %s:\n%s", name, m[1], p)
					return
				}
			}
		}
	}
	// watch runs a statement often enough for generic plans to be tried, and judges the plans inside it.
	watch := func(name, sql string, args func() []any) {
		t.Helper()
		plans = plans[:0]
		for range 8 {
			must(t, conn, sql, args()...)
		}
		judge(name)
		t.Logf("%s: %d plans", name, len(plans))
	}
	none := func() []any { return nil }
	item := `{"endpoint": "00000000-0000-7000-8000-000000000001", "method": "POST", "path": "/", "headers": {"content-type": "application/json"}}`
	watch("accept", `select run_id from meshhook_engine.accept(1, 2, array[$1, $1, $1]::jsonb[], array['{"n": 1}', '{"n": 2}', '{"n": 3}']::bytea[])`, func() []any { return []any{item} })
	watch("start", "select meshhook.start('proof', 'orders', '{\"n\": 1}', idempotency_key => gen_random_uuid()::text)", none)

	open := func(step string) []any {
		plans = plans[:0]
		return []any{get[[]string](t, conn, `select array_agg(id::text) from (select id from meshhook.runs where finished_at is null and frontier -> 'open' ? $1 and started_at > now() - interval '10 minutes' order by id desc limit 3) x`, step), step}
	}
	const deliver = `select verdict from meshhook_engine.deliver(1, 3, array(select jsonb_build_object('run', r, 'step', $2::text, 'attempt', 1, 'take', true,
		'response', '{"status": 200, "text": true, "headers": {}}'::jsonb) from unnest($1::text[]) r), array['{"a": 1}', '{"a": 1}', '{"a": 1}']::bytea[])`
	quiet := func(args []any) func() []any { return func() []any { return args } }
	for range 8 { // three fresh runs a round
		must(t, conn, `select run_id from meshhook_engine.accept(1, 0, array[$1, $1, $1]::jsonb[], array['{"n": 1}', '{"n": 2}', '{"n": 3}']::bytea[])`, item)
	}
	var all []string
	for range 8 {
		args := open("post")
		runs := args[0].([]string)
		all = append(all, runs...)
		plans = plans[:0]
		must(t, conn, deliver, args...)
		judge("deliver")
	}
	// An hour on, the delays fire: what the next call needs is recalled from the log.
	must(t, conn, "select set_config('meshhook.fake_now', (clock_timestamp() + interval '2 hours')::text, false)")
	watch("wake", "select did from meshhook_engine.wake(1, 3)", none)
	watch("begin", "select job from meshhook_engine.begin(1, array(select id from meshhook_river.river_job order by id desc limit 5))", none)
	watch("beat", "select meshhook_engine.beat(1, array(select id from meshhook_river.river_job order by id desc limit 20))", none)
	watch("release", "select meshhook_engine.release(1, array(select id from meshhook_river.river_job order by id desc limit 5))", none)
	watch("verify", "select * from meshhook.verify($1)", quiet([]any{all[0]}))
	watch("history", "select * from meshhook.history($1)", quiet([]any{all[0]}))
	watch("state_at", "select meshhook.state_at($1, 3)", quiet([]any{all[0]}))
	watch("run_steps", "select * from meshhook.run_steps where run_id = $1", quiet([]any{all[0]}))
	watch("run_list", "select id, workflow, status from meshhook.run_list where project = 'proof' order by id desc limit 50", none)
	watch("run_list by key", "select id from meshhook.run_list where project = 'proof' and business_key = 'key-17' order by id desc limit 50", none)
	next := 0
	watch("cancel", "select meshhook.cancel($1)", func() []any { next++; return []any{all[next]} })
}
