//go:build unix

package enginetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

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
