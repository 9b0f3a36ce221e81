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

// TestPlansKept uses the engine from the first row on, in one session, as a server does: plans made while the tables were
// empty are kept. Then the tables grow, nobody has analyzed them, and still no statement may read one from end to end.
func TestPlansKept(t *testing.T) {
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
	other := connect(t, url)

	must(t, conn, "select meshhook.create_project('proof')")
	must(t, conn, "select meshhook.publish('proof', 'orders', $1)", `{"apiVersion": "meshhook/v1", "name": "orders", "policy": {"deadline": "1d"},
		"nodes": {"shape": {"type": "transform", "with": {"expr": "{n: trigger.body.n}"}}, "post": {"type": "http_call", "with": {"url": "http://target.test/"}},
			"nap": {"type": "delay", "with": {"for": "1h"}}, "more": {"type": "http_call", "with": {"url": "http://target.test/{{ steps.shape.n }}", "body": "{{ trigger.body.n }}"}}},
		"edges": [{"from": "trigger", "to": "shape"}, {"from": "shape", "to": "post"}, {"from": "post", "to": "nap"}, {"from": "nap", "to": "more"}]}`)
	endpoint := get[string](t, conn, "select id::text from meshhook.create_endpoint('proof', 'orders')")

	item := `{"endpoint": "` + endpoint + `", "method": "POST", "path": "/", "headers": {"content-type": "application/json"}}`
	round := func() {
		t.Helper()
		must(t, conn, `select run_id from meshhook_engine.accept(1, 2, array[$1, $1, $1]::jsonb[], array['{"n": 1}', '{"n": 2}', '{"n": 3}']::bytea[])`, item)
		for _, step := range []string{"post", "more"} {
			runs := get[[]string](t, other, `select array_agg(id::text) from (select id from meshhook.runs where finished_at is null and frontier -> 'open' ? $1
				and id > meshhook_engine.uuid_floor(now() - interval '5 minutes') order by id desc limit 3) x`, step)
			must(t, conn, "select b.job from meshhook_river.river_job j, meshhook_engine.begin(1, array[j.id]) b where j.args ->> 'run_id' = $1", runs[0])
			must(t, conn, `select verdict from meshhook_engine.deliver(1, 3, array(select jsonb_build_object('run', r, 'step', $2::text, 'attempt', 1, 'take', true,
				'job', (select (k.jobs ->> $2)::bigint from meshhook.runs k where k.id = r::uuid), 'response', '{"status": 200, "text": true, "headers": {}}'::jsonb) from unnest($1::text[]) r), array['{"a": 1}', '{"a": 1}', '{"a": 1}']::bytea[])`, runs, step)
			must(t, conn, "select set_config('meshhook.fake_now', (clock_timestamp() + interval '2 hours')::text, false)")
			must(t, conn, "select did from meshhook_engine.wake(1, 100)")
			must(t, conn, "reset meshhook.fake_now")
		}
		// Rows that are there: of an empty list of rows nobody looks up the state.
		jobs := get[[]int64](t, other, "select array_agg(id) from (select id from meshhook_river.river_job order by id limit 2) x")
		must(t, conn, "select meshhook_engine.beat(1, $1)", jobs)
		must(t, conn, "select meshhook_engine.release(1, $1)", jobs)
	}
	// What autovacuum finds of a queue that was long once, and leaves when it is in use: pages without rows. All indexes seem equally cheap then.
	must(t, other, `insert into meshhook_river.river_job (kind, args, queue, max_attempts, state, scheduled_at)
		select 'run', '{}', 'default', 25, 'scheduled', now() from generate_series(1, 20000)`)
	must(t, other, "delete from meshhook_river.river_job")
	must(t, other, "vacuum (analyze, truncate off) meshhook_river.river_job")
	for range 12 {
		round()
	}
	model := get[string](t, other, "select id::text from meshhook.runs order by id limit 1")
	for _, fill := range []string{
		"create temp table ids as select meshhook_engine.uuid_v7(now() - make_interval(secs => g)) as id, now() as at, g from generate_series(1000, 21000) g",
		`insert into meshhook.runs (id, started_at, finished_at, project_id, workflow_id, version_id, seq, status, trigger, frontier)
			select i.id, i.at, i.at, r.project_id, r.workflow_id, r.version_id, r.seq, 'succeeded', r.trigger, r.frontier from ids i, meshhook.runs r where r.id = '` + model + `'`,
		`insert into meshhook.events (run_id, at, seq, project_id, type, attempt, step, data, digest)
			select i.id, i.at, e.seq, e.project_id, e.type, e.attempt, e.step, e.data, e.digest from ids i, meshhook.events e where e.run_id = '` + model + `'`,
		`insert into meshhook.requests (id, received_at, project_id, verdict, endpoint_id, method, path, headers, body)
			select i.id, i.at, r.project_id, 'accepted', '` + endpoint + `', 'POST', '/', '{}', '{"n": 1}' from ids i, meshhook.runs r where r.id = '` + model + `'`,
		`insert into meshhook.payloads (run_id, seq, project_id, data) select i.id, 1, r.project_id, '{}' from ids i, meshhook.runs r where r.id = '` + model + `'`,
		`insert into meshhook.waits (run_id, step, kind, due_at, project_id) select i.id, 'post', 'retry', now() + interval '100 days', 1 from ids i`,
		`insert into meshhook_river.river_job (kind, args, queue, max_attempts, state, scheduled_at, attempted_by)
			select 'run', jsonb_build_object('run_id', i.id), 'default', 25, 'scheduled', now(), '{77}' from ids i`,
	} {
		must(t, other, fill)
	}
	for _, set := range []string{
		"load 'auto_explain'", "set auto_explain.log_min_duration = 0", "set auto_explain.log_nested_statements = on", "set auto_explain.log_analyze = on",
		"set auto_explain.log_timing = off", "set auto_explain.log_level = notice", "set client_min_messages = notice",
	} {
		must(t, conn, set)
	}
	round()
	if len(plans) == 0 {
		t.Fatal("no plan was seen")
	}
	// What is read from end to end shows by how much of it is thrown away, or by the many rows that come out of it. An index may
	// be read through as well: that on the state of queue rows holds each row leased since the last vacuum.
	much := regexp.MustCompile(`Seq Scan on ((?:runs|events|requests|payloads)_\w+|waits|river_job)[^\n]*\(actual rows=(\d{4,})|Bitmap Index Scan on \w+[^\n]*\(actual rows=\d{4,}|Rows Removed by Filter: \d{4,}|Rows Removed by Join Filter: \d{4,}`)
	// One of its later columns does not narrow an index: then all of it is read, and no number of rows shows that.
	through := regexp.MustCompile(`using river_job_(?:prioritized|state|turn)\w* on river_job[^\n]*\n\s*Index Cond: \(id [^\n]*`)
	told := map[string]bool{}
	for _, p := range plans {
		if m := much.FindString(p) + through.FindString(p); m != "" && !told[p[:min(len(p), 400)]] && !strings.Contains(p, "j.args ->> 'run_id' = $1") {
			told[p[:min(len(p), 400)]] = true
			t.Errorf("%s in\n%s", m, p)
		}
	}
	t.Logf("%d plans", len(plans))
}
