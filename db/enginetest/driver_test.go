//go:build unix

package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"
)

// A world is one history: some runs of some flows, two processes that work on them, a clock that only the history moves,
// and the queries that stand in for the workers. It lives in one transaction that is rolled back.
type world struct {
	t     *rapid.T
	tx    pgx.Tx
	now   int64
	limit int // nodes a segment; 0 for no limit
	deep  bool

	runs  []*tracked
	procs []int
	held  []item   // work that some process was given
	sent  []result // results delivered already
	tied  bool     // runs that began in the same millisecond: their order is anybody's guess

	steers int // how often somebody interfered

	jobs  []queued
	waits map[string]map[string]int64 // run -> step -> due
}

// tracked is a run, its model, and what was seen of it.
type tracked struct {
	id    string
	model *model
	nodes []string            // in compiled order
	inner map[string][]string // of each loop, by its path without numbers
	seen  snapshot
	past  []snapshot
	delay map[string]int64 // "step attempt" -> delay before it, as recorded

	retries int // how often somebody took it up after it failed
}

type snapshot struct {
	ID       string
	Seq      int
	Status   string
	Frontier map[string]any
	Jobs     map[string]int64
	Output   any
	Error    any
	WakeAt   *int64 `json:"wake_at"`
	Events   []struct {
		Seq     int
		Type    string
		Step    string
		Attempt int
		Data    map[string]any
	}
}

type queued struct {
	ID    int64
	State string
	Run   string
}

type item struct {
	Job     int64
	Run     string
	Step    string
	Attempt int
	Kind    string
	After   int64  `json:"after_ms"`
	Key     string `json:"idempotency_key"`
	Request struct {
		URL  string
		Body map[string]any
	}
	proc int
	due  int64
}

type result struct {
	item
	outcome outcome
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	for _, r := range w.runs {
		text, _ := json.Marshal(r.seen)
		w.t.Logf("run %s\nnodes %s letters %s edges %s\nsnapshot %s", r.id, r.nodes, r.model.letters(r.nodes), r.model.edges, text)
	}
	w.t.Fatalf(format, args...)
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.tx.Exec(context.Background(), sql, args...); err != nil {
		w.fail("%s: %v", sql, err)
	}
}

// ask reads rows into values of T.
func ask[T any](w *world, sql string, args ...any) []T {
	w.t.Helper()
	rows, err := w.tx.Query(context.Background(), sql, args...)
	if err == nil {
		var list []T
		if list, err = pgx.CollectRows(rows, pgx.RowTo[T]); err == nil {
			return list
		}
	}
	w.fail("%s: %v", sql, err)
	return nil
}

func (w *world) tick(to int64) {
	w.now = max(w.now, to)
	w.exec("select set_config('meshhook.fake_now', $1, false)", iso(w.now))
}

// begin sets the scene: flows published, an endpoint for each, processes alive.
func (w *world) begin(flows []*flow) {
	w.exec("select setseed(0.5)")
	w.exec("insert into meshhook.settings (name, value) values ('test', 'true') on conflict (name) do update set value = 'true'")
	w.exec("select set_config('meshhook.step_limit', $1, false)", fmt.Sprint(w.limit))
	w.tick(time.Now().UnixMilli())
	w.exec("select meshhook.create_project('proof')")
	w.exec("insert into meshhook.vars (project_id, name, value) select id, 'base', '7' from meshhook.projects where slug = 'proof'")
	for _, f := range flows {
		w.exec("select meshhook.publish('proof', $1, $2)", f.Name, f.definition())
		w.exec(`with e as (insert into meshhook.endpoints (id, project_id, token, name)
			select gen_random_uuid(), id, $1, $1 from meshhook.projects where slug = 'proof' returning id, project_id)
			insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary)
			select e.id, w.id, e.project_id, true from e join meshhook.workflows w on w.project_id = e.project_id and w.name = $1`, f.Name)
	}
	w.exec(`create function pg_temp.refused(run uuid, step text) returns text language plpgsql as $$
		begin
			perform meshhook.rerun(run, step);
			return 'not refused';
		exception when others then
			return sqlerrm;
		end $$`)
	w.exec("select pg_advisory_unlock_all()")
	w.procs = []int{w.register(), w.register()}
}

func (w *world) register() int {
	id := ask[int](w, "select meshhook_engine.register('proof', 'test')")[0]
	w.exec("select pg_advisory_lock(1835362152, $1)", id)
	return id
}

// track begins to follow a run that has just been started.
func (w *world) track(id string, f *flow, body map[string]any) {
	r := &tracked{id: id, model: newModel(f, body), delay: map[string]int64{}}
	r.inner = map[string][]string{}
	var paths []string
	for _, text := range ask[[]byte](w, `select jsonb_build_object('id', n -> 'id', 'loop', n -> 'loop') from meshhook.runs r join meshhook.workflow_versions v on v.id = r.version_id
		cross join jsonb_array_elements(v.compiled -> 'nodes') with ordinality x(n, ord) where r.id = $1 order by ord`, id) {
		var n struct {
			ID   string
			Loop *int
		}
		if err := json.Unmarshal(text, &n); err != nil {
			w.fail("%v", err)
		}
		path := n.ID
		if n.Loop == nil {
			r.nodes = append(r.nodes, n.ID)
		} else {
			r.inner[paths[*n.Loop]] = append(r.inner[paths[*n.Loop]], n.ID)
			path = paths[*n.Loop] + "." + n.ID
		}
		paths = append(paths, path)
	}
	r.model.start(w.now, w.limit)
	w.runs = append(w.runs, r)
}

// hold takes over work that a process was given.
func (w *world) hold(proc int, calls []byte) {
	var items []item
	if err := json.Unmarshal(calls, &items); err != nil {
		w.fail("read calls %s: %v", calls, err)
	}
	for _, i := range items {
		i.proc, i.due = proc, w.now+i.After
		w.held = append(w.held, i)
	}
}

func (w *world) run(id string) *tracked {
	for _, r := range w.runs {
		if r.id == id {
			return r
		}
	}
	return nil
}

func (w *world) hasJob(id int64, run string) bool {
	return slices.ContainsFunc(w.jobs, func(j queued) bool { return j.ID == id && j.Run == run })
}

// deliver hands results over in one group and tells the models, in the order given.
func (w *world) deliver(proc, take int, results []result, offers []bool) {
	sent, bodies := []string{}, [][]byte{}
	for k, r := range results {
		d := map[string]any{"job": r.Job, "run": r.Run, "step": r.Step, "attempt": r.Attempt, "kind": r.Kind, "take": offers[k]}
		var body []byte
		if r.Kind == "call" {
			o := r.outcome
			if o.Status > 0 {
				headers := map[string]any{"content-type": "application/json"}
				body = fmt.Appendf(nil, `{"n": %d}`, o.N)
				if o.Text {
					headers["content-type"] = "text/plain"
					body = fmt.Appendf(nil, "%d", o.N)
				}
				if o.RetryAfter > 0 {
					headers["retry-after"] = fmt.Sprint(o.RetryAfter)
				}
				d["response"] = map[string]any{"status": o.Status, "headers": headers, "text": true}
				d["bytes"] = len(body)
			}
			if o.Class != "" {
				d["error"] = map[string]any{"class": o.Class, "code": "MH_CALL_" + strings.ToUpper(o.Class), "message": "no luck"}
			}
			d["url"] = r.Request.URL
			d["timings"] = map[string]any{"total_ms": 1.5}
		}
		text, err := json.Marshal(d)
		if err != nil {
			w.fail("%v", err)
		}
		sent, bodies = append(sent, string(text)), append(bodies, body)
	}
	type answer struct {
		Item    int
		Verdict string
		Calls   string
	}
	answers := ask[[]byte](w, `select jsonb_build_object('item', d.item, 'verdict', d.verdict, 'calls', d.calls::text)
		from meshhook_engine.deliver($1, $2, $3::jsonb[], $4::bytea[]) d order by d.item`, proc, take, sent, bodies)
	if len(answers) != len(results) {
		w.fail("%d answers for %d results", len(answers), len(results))
	}
	w.look()
	given := len(w.held)
	for k, r := range results {
		var a answer
		if err := json.Unmarshal(answers[k], &a); err != nil {
			w.fail("read answer: %v", err)
		}
		want := "stale"
		if t := w.run(r.Run); t != nil && w.fits(t.model, r.item) {
			want = "recorded"
			w.apply(t, r)
		}
		if a.Verdict != want {
			w.fail("result %d for %s attempt %d is %s, not %s", k, r.Step, r.Attempt, a.Verdict, want)
		}
		w.hold(proc, []byte(a.Calls))
	}
	w.checkWork(w.held[given:])
	w.sent = append(w.sent, results...)
	w.check()
}

// fits tells whether a result is one that its run waits for.
func (w *world) fits(m *model, i item) bool {
	if i.Step == "*" {
		return !m.ended && m.cut()
	}
	o := m.open[i.Step]
	return o != nil && o.attempt == i.Attempt
}

// apply tells the model.
func (w *world) apply(t *tracked, r result) {
	m := t.model
	switch {
	case r.Step == "*":
		m.resume(w.now, w.limit)
	case r.Attempt == 0:
		m.fire(r.Step, w.now, w.limit)
	case m.attempt(r.Step, r.outcome, w.now, w.limit):
		o := m.open[r.Step]
		delay, ok := t.delay[fmt.Sprint(r.Step, o.attempt)]
		if !ok {
			w.fail("no retry of %s is recorded for attempt %d", r.Step, o.attempt)
		}
		if least, most := o.node.delays(r.Attempt-o.before, r.outcome); delay < least || delay > most {
			w.fail("%s waits %d ms for attempt %d, which is not within %d and %d", r.Step, delay, o.attempt, least, most)
		}
		o.due = w.now + delay
	}
}

// wake lets time do its work.
func (w *world) wake(proc int) {
	for _, r := range w.runs {
		steps := slices.Collect(maps.Keys(w.waits[r.id]))
		sort.Slice(steps, func(a, b int) bool {
			x, y := w.waits[r.id][steps[a]], w.waits[r.id][steps[b]]
			return x < y || x == y && steps[a] < steps[b]
		})
		for _, step := range steps {
			if o := r.model.open[step]; w.waits[r.id][step] <= w.now && o != nil && o.attempt == 0 {
				r.model.fire(step, w.now, w.limit)
			}
		}
	}
	w.exec("select meshhook_engine.wake($1, 100)", proc)
	w.look()
	w.check()
}

// claim is what River does, then begin.
func (w *world) claim(proc int, jobs []int64) {
	w.exec(`update meshhook_river.river_job set state = 'running', attempt = attempt + 1, attempted_at = clock_timestamp(),
		attempted_by = array_append(attempted_by, $1::int::text) where id = any ($2)`, proc, jobs)
	rows := ask[[]byte](w, `select jsonb_build_object('job', b.job, 'calls', b.calls::text)
		from meshhook_engine.begin($1, $2) b order by array_position($2, b.job)`, proc, jobs)
	given := len(w.held)
	var empty []int64 // rows that the worker lets finish: of paused runs
	for _, job := range jobs {
		i := slices.IndexFunc(w.jobs, func(j queued) bool { return j.ID == job })
		if w.run(w.jobs[i].Run).model.paused {
			empty = append(empty, job)
		}
	}
	if len(rows) != len(jobs)-len(empty) {
		w.fail("begin answers for %d of %d jobs, %d of them of paused runs", len(rows), len(jobs), len(empty))
	}
	for _, row := range rows {
		var b struct{ Calls string }
		if err := json.Unmarshal(row, &b); err != nil {
			w.fail("%v", err)
		}
		w.hold(proc, []byte(b.Calls))
	}
	w.exec("delete from meshhook_river.river_job where id = any ($1)", empty)
	w.checkWork(w.held[given:])
	w.look()
	w.check()
}

// available are the jobs that anybody may claim, by run and age.
func (w *world) available() []int64 {
	var ids []int64
	for _, r := range w.runs {
		for _, j := range w.jobs {
			if j.Run == r.id && j.State == "available" {
				ids = append(ids, j.ID)
			}
		}
	}
	return ids
}
