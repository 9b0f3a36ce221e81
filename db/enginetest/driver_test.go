//go:build unix

package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
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

// checkWork compares work items with what the models have open.
func (w *world) checkWork(items []item) {
	for _, i := range items {
		r := w.run(i.Run)
		if r == nil {
			w.fail("work for an unknown run: %+v", i)
		}
		if i.Step == "*" {
			continue
		}
		o := r.model.open[i.Step]
		switch {
		case o == nil:
			w.fail("work for %s, which is not open: %+v", i.Step, i)
		case o.attempt != i.Attempt:
			w.fail("work for attempt %d of %s, the model is at %d", i.Attempt, i.Step, o.attempt)
		case i.Kind == "call" && i.Key != "mh_"+i.Run+"_"+i.Step:
			w.fail("idempotency key %q", i.Key)
		case i.Kind == "call" && o.url != "" && i.Request.URL != o.url:
			w.fail("%s goes to %s, the model to %s", i.Step, i.Request.URL, o.url)
		case i.Kind == "call" && differ(o.n, i.Request.Body["n"]) != "":
			w.fail("%s carries %v, the model %v", i.Step, i.Request.Body, o.n)
		case (i.Kind == "timer") != (o.attempt == 0):
			w.fail("%s is a %s", i.Step, i.Kind)
		}
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

// look reads the runs, the queue and the waits as they stand; new events come with it.
func (w *world) look() {
	ids, seqs := []string{}, []int{}
	for _, r := range w.runs {
		ids, seqs = append(ids, r.id), append(seqs, r.seen.Seq)
	}
	text := ask[[]byte](w, `select jsonb_build_object(
		'runs', (select jsonb_agg(jsonb_build_object('id', r.id, 'seq', r.seq, 'status', r.status, 'frontier', r.frontier, 'jobs', r.jobs,
			'output', r.output, 'error', r.error, 'wake_at', (extract(epoch from r.wake_at) * 1000)::bigint,
			'events', (select coalesce(jsonb_agg(jsonb_build_object('seq', e.seq, 'type', e.type, 'step', e.step, 'attempt', e.attempt,
				'data', case when e.type = 'retry.scheduled' then e.data end) order by e.seq), '[]')
				from meshhook.events e where e.run_id = r.id and e.seq > k.seq)) order by k.n)
			from unnest($1::uuid[], $2::int[]) with ordinality k(id, seq, n) join meshhook.runs r on r.id = k.id),
		'jobs', (select coalesce(jsonb_agg(jsonb_build_object('id', j.id, 'state', j.state, 'run', j.args ->> 'run_id') order by j.id), '[]')
			from meshhook_river.river_job j where j.args ->> 'run_id' = any ($1::text[])),
		'waits', (select coalesce(jsonb_agg(jsonb_build_object('run', w.run_id, 'step', w.step, 'due', (extract(epoch from w.due_at) * 1000)::bigint)), '[]')
			from meshhook.waits w where w.run_id = any ($1::uuid[])))`, ids, seqs)[0]
	var seen struct {
		Runs  []snapshot
		Jobs  []queued
		Waits []struct {
			Run, Step string
			Due       int64
		}
	}
	if err := json.Unmarshal(text, &seen); err != nil {
		w.fail("read the snapshot: %v\n%s", err, text)
	}
	w.jobs = seen.Jobs
	w.waits = map[string]map[string]int64{}
	for _, x := range seen.Waits {
		if w.waits[x.Run] == nil {
			w.waits[x.Run] = map[string]int64{}
		}
		w.waits[x.Run][x.Step] = x.Due
	}
	for i, r := range w.runs {
		s := seen.Runs[i]
		for k, e := range s.Events {
			if e.Seq != r.seen.Seq+1+k {
				w.fail("run %d: event %d follows %d", i, e.Seq, r.seen.Seq+k)
			}
			if e.Type == "retry.scheduled" {
				r.delay[fmt.Sprint(e.Step, e.Attempt)] = int64(e.Data["delay_ms"].(float64))
			}
		}
		if s.Seq != r.seen.Seq+len(s.Events) {
			w.fail("run %d: seq is %d after %d and %d events", i, s.Seq, r.seen.Seq, len(s.Events))
		}
		if s.Seq > r.seen.Seq || len(r.past) == 0 {
			r.past = append(r.past, s)
		}
		r.seen = s
	}
}

// check compares every run with its model, and holds the queue against what is open.
func (w *world) check() {
	held := map[int64]bool{}
	for i, r := range w.runs {
		m, s := r.model, r.seen
		if got := s.Frontier["n"]; got != m.letters(r.nodes) {
			w.fail("run %d: letters are %s, the model says %s (%v)", i, got, m.letters(r.nodes), r.nodes)
		}
		if got := s.Frontier["e"]; got != string(m.edges) {
			w.fail("run %d: edges are %s, the model says %s", i, got, m.edges)
		}
		open, _ := s.Frontier["open"].(map[string]any)
		if len(open) != len(m.open) {
			w.fail("run %d: open is %v, the model says %v", i, open, slices.Collect(maps.Keys(m.open)))
		}
		rest, _ := s.Frontier["rest"].([]any)
		if _, cut := s.Frontier["rest"]; len(rest) != len(m.rest) || cut != m.cut() {
			w.fail("run %d: the rest is %v, the model says %v", i, rest, m.rest)
		}
		w.checkLoops(i, r)
		want := m.status
		if !m.ended && len(s.Jobs) == 0 {
			want = "waiting"
		}
		if m.paused {
			want = "paused"
		}
		if s.Status != want {
			w.fail("run %d: status is %s, not %s", i, s.Status, want)
		}

		// Each open step is held by one queue row that is there, or waits for its time.
		due := int64(math.MaxInt64)
		if m.paused {
			// Nobody need hold what is open, and time does nothing; what is in a process's hands may still be there.
			if len(w.waits[r.id]) > 0 || s.WakeAt != nil {
				w.fail("run %d is paused and waits: %v, %v", i, w.waits[r.id], s.WakeAt)
			}
			for step, job := range s.Jobs {
				if m.open[step] == nil && step != "*" {
					w.fail("run %d: job %d holds %s, which is not open", i, job, step)
				}
				held[job] = true
			}
			continue
		}
		for step, o := range m.open {
			job, isHeld := s.Jobs[step]
			at, waits := w.waits[r.id][step]
			switch {
			case isHeld && waits:
				w.fail("run %d: %s is held by job %d and waits as well", i, step, job)
			case isHeld && !w.hasJob(job, r.id):
				w.fail("run %d: %s is held by job %d, which is not there (%v)", i, step, job, w.jobs)
			case !isHeld && !waits:
				w.fail("run %d: nobody holds %s and it waits for nothing", i, step)
			case waits && at != o.due:
				w.fail("run %d: %s waits until %s, the model says %s", i, step, iso(at), iso(o.due))
			}
			if waits {
				due = min(due, at)
			}
		}
		if _, ok := s.Jobs["*"]; ok != m.cut() {
			w.fail("run %d: jobs are %v, the rest is %v", i, s.Jobs, rest)
		}
		for step, job := range s.Jobs {
			if step == "*" && !w.hasJob(job, r.id) {
				w.fail("run %d: the rest is held by job %d, which is not there", i, job)
			}
			if step != "*" && m.open[step] == nil {
				w.fail("run %d: job %d holds %s, which is not open", i, job, step)
			}
			held[job] = true
		}
		for step := range w.waits[r.id] {
			if m.open[step] == nil {
				w.fail("run %d: %s waits and is not open", i, step)
			}
		}
		if (s.WakeAt == nil) != (due == math.MaxInt64) || s.WakeAt != nil && *s.WakeAt != due {
			w.fail("run %d: wake_at is %v, the first wait is due %d", i, s.WakeAt, due)
		}
	}
	for _, j := range w.jobs {
		if !held[j.ID] {
			w.fail("job %d of run %s holds nothing", j.ID, j.Run)
		}
	}
}

// checkLoops compares the iterations under way: no others stand in the frontier.
func (w *world) checkLoops(i int, r *tracked) {
	its, _ := r.seen.Frontier["its"].(map[string]any)
	loops, _ := r.seen.Frontier["loops"].(map[string]any)
	if len(its) != len(r.model.its) || len(loops) != len(r.model.loops) {
		w.fail("run %d: under way are %v, the model says %v", i, its, slices.Collect(maps.Keys(r.model.its)))
	}
	for path, it := range r.model.its {
		got, _ := its[path].(map[string]any)
		ids := r.inner[chain(path)]
		rest, _ := got["rest"].([]any)
		if got["n"] != it.letters(ids) || got["e"] != string(it.edges) || len(rest) != len(it.rest) {
			w.fail("run %d: %s is %v, the model says %s %s %v (%v)", i, path, got, it.letters(ids), it.edges, it.rest, ids)
		}
	}
	for path, l := range r.model.loops {
		got, _ := loops[path].(map[string]any)
		if got["next"] != float64(l.next) || got["left"] != float64(l.left) {
			w.fail("run %d: %s is %v, the model is at %d with %d left", i, path, got, l.next, l.left)
		}
	}
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

// differ tells where two values differ; "" when they are the same. A failure matches the error it describes.
func differ(want, got any) string {
	switch x := want.(type) {
	case *failure:
		if x == nil {
			return differ(nil, got)
		}
		e, ok := got.(map[string]any)
		code, _ := e["code"].(string)
		switch {
		case !ok || e["step"] != x.step:
			return fmt.Sprintf("error of %s expected, got %v", x.step, got)
		case x.code != "" && code != x.code, !strings.HasPrefix(code, "MH_"):
			return fmt.Sprintf("error code %q", code)
		case x.attempts > 0 && e["attempts"] != float64(x.attempts):
			return fmt.Sprintf("%d attempts expected, got %v", x.attempts, got)
		case x.status > 0 && e["status"] != float64(x.status):
			return fmt.Sprintf("status %d expected, got %v", x.status, got)
		}
		return ""
	case map[string]any:
		o, ok := got.(map[string]any)
		if !ok || len(o) != len(x) {
			return fmt.Sprintf("%v expected, got %v", want, got)
		}
		for k, v := range x {
			if d := differ(v, o[k]); d != "" {
				return k + ": " + d
			}
		}
		return ""
	case []any:
		a, ok := got.([]any)
		if !ok || len(a) != len(x) {
			return fmt.Sprintf("%v expected, got %v", want, got)
		}
		for k, v := range x {
			if d := differ(v, a[k]); d != "" {
				return fmt.Sprint(k, ": ", d)
			}
		}
		return ""
	}
	if want != got {
		return fmt.Sprintf("%v expected, got %v", want, got)
	}
	return ""
}
