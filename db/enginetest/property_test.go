//go:build unix

package enginetest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestHistories draws workflows and what the world does to their runs, and holds the engine against the model: after
// every commit and at the end. Whatever is random in the engine is drawn from a seed, so a failure shrinks.
//
// Histories share nothing, so they are told in as many sessions as there are processors, each in a database of its own.
func TestHistories(t *testing.T) {
	deep := os.Getenv("MESHHOOK_SOAK") != ""
	checks, shards := 200, min(runtime.GOMAXPROCS(0), 8)
	if deep {
		checks = 5000
	}
	f := flag.Lookup("rapid.checks")
	if given := f.Value.String(); given != f.DefValue { // somebody says how many, and perhaps with which seed
		shards = 1
	} else {
		if err := f.Value.Set(strconv.Itoa((checks + shards - 1) / shards)); err != nil {
			t.Fatal(err)
		}
		defer f.Value.Set(f.DefValue)
	}
	var events, runs, steers, histories atomic.Int64
	began := time.Now()
	t.Run("shards", func(t *testing.T) {
		for shard := range shards {
			t.Run(strconv.Itoa(shard+1), func(t *testing.T) {
				t.Parallel()
				conn := connect(t, dbtest.URL(t))
				limitSegments(t, conn)
				rapid.Check(t, func(t *rapid.T) {
					tx, err := conn.Begin(context.Background())
					if err != nil {
						t.Fatal(err)
					}
					defer tx.Rollback(context.Background())
					w := &world{t: t, tx: tx, deep: deep}
					w.history()
					histories.Add(1)
					steers.Add(int64(w.steers))
					for _, r := range w.runs {
						runs.Add(1)
						events.Add(int64(r.seen.Seq))
					}
				})
			})
		}
	})
	dbtest.Report(t, "%d histories in %.0f s: %d runs, %d events, steered %d times, each proven and each prefix folded again",
		histories.Load(), time.Since(began).Seconds(), runs.Load(), events.Load(), steers.Load())
}

// history draws one history and follows it to its end.
func (w *world) history() {
	t := w.t
	w.limit = rapid.SampledFrom([]int{0, 0, 0, 1, 2, 5}).Draw(t, "limit")
	var flows []*flow
	for i := range rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "flows") {
		flows = append(flows, drawFlow(t, fmt.Sprintf("flow%d", i+1)))
	}
	w.begin(flows)
	for range rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "starts") {
		f := rapid.SampledFrom(flows).Draw(t, "flow")
		if rapid.Bool().Draw(t, "webhook") {
			w.accept(f)
		} else {
			w.start(f)
		}
		w.tick(w.now + 1)
	}
	for range 60 {
		if !w.unfinished() && !slices.ContainsFunc(w.runs, func(r *tracked) bool { return r.model.status == "failed" && r.retries < 3 }) {
			break
		}
		w.step()
	}
	for range 2000 {
		if !w.unfinished() {
			w.prove()
			return
		}
		w.finish()
	}
	w.fail("the runs do not come to an end")
}

// proveSteps reads outputs as people do, from the log: those of loops are put together there.
func (w *world) proveSteps(i int, r *tracked) {
	rows := ask[[]byte](w, "select jsonb_build_object('step', s.step, 'status', s.status, 'output', s.output) from meshhook_engine.run_steps_of($1) s where strpos(s.step, '[') = 0", r.id)
	for _, row := range rows {
		var s struct {
			Step, Status string
			Output       any
		}
		if err := json.Unmarshal(row, &s); err != nil {
			w.fail("%v", err)
		}
		if d := differ(r.model.out[s.Step], s.Output); d != "" && r.model.f.node(s.Step).Type != "terminate" {
			w.fail("run %d: %s of %s, as it is shown: %s", i, s.Status, s.Step, d)
		}
	}
}

func (w *world) unfinished() bool {
	return slices.ContainsFunc(w.runs, func(r *tracked) bool { return !r.model.ended })
}

func (w *world) drawBody() map[string]any {
	at := "no moment at all"
	if k := rapid.IntRange(-1, 2).Draw(w.t, "at"); k >= 0 {
		at = iso((w.now/1000 - 30 + int64(k)*30) * 1000)
	}
	rows := []any{}
	for range rapid.SampledFrom([]int{0, 1, 2, 3, 3, 5}).Draw(w.t, "rows") {
		rows = append(rows, rapid.SampledFrom([]any{1.0, 2.0, 7.0, nil, "x"}).Draw(w.t, "row"))
	}
	return map[string]any{
		"rows": rows, "n": float64(rapid.IntRange(0, 9).Draw(w.t, "n")), "flag": rapid.Bool().Draw(w.t, "flag"), "word": "seven", "at": at,
	}
}

func (w *world) drawProc() int { return w.procs[rapid.IntRange(0, 1).Draw(w.t, "process")] }

func (w *world) drawTake() int {
	if w.tied {
		return rapid.SampledFrom([]int{0, 1000}).Draw(w.t, "take")
	}
	return rapid.SampledFrom([]int{0, 1, 2, 1000, 1000}).Draw(w.t, "take")
}

func (w *world) start(f *flow) {
	body := w.drawBody()
	text, _ := json.Marshal(body)
	id := ask[string](w, "select meshhook.start('proof', $1, $2)::text", f.Name, string(text))[0]
	w.track(id, f, body)
	w.look()
	w.check()
}

// accept lets one group through the door: one or two good webhooks, and sometimes bad neighbours.
func (w *world) accept(f *flow) {
	proc, take := w.drawProc(), w.drawTake()
	good := rapid.IntRange(1, 2).Draw(w.t, "webhooks")
	if good > 1 {
		w.tied = true
		take = 1000 * min(1, take/1000)
	}
	endpoint := ask[string](w, "select id::text from meshhook.endpoints where token = $1", f.Name)[0]
	items, bodies, sent := []string{}, [][]byte{}, []map[string]any{}
	add := func(endpoint string, body []byte, sentBody map[string]any) {
		items = append(items, fmt.Sprintf(`{"endpoint": %q, "method": "POST", "path": "/hooks/x", "query": {}, "headers": {"content-type": "application/json"}, "remote": "127.0.0.1"}`, endpoint))
		bodies = append(bodies, body)
		sent = append(sent, sentBody)
	}
	bad := rapid.IntRange(0, 4).Draw(w.t, "bad neighbours") == 4
	if bad {
		add("00000000-0000-7000-8000-000000000000", []byte("{}"), nil)
	}
	for range good {
		body := w.drawBody()
		text, _ := json.Marshal(body)
		add(endpoint, text, body)
		if bad {
			add(endpoint, []byte(`{"n": "\u0000"}`), nil)
		}
	}
	rows := ask[[]byte](w, `select jsonb_build_object('item', a.item, 'verdict', a.verdict, 'run', a.run_id, 'calls', a.calls::text)
		from meshhook_engine.accept($1, $2, $3::jsonb[], $4::bytea[]) a order by a.item`, proc, take, items, bodies)
	if len(rows) != len(items) {
		w.fail("%d answers for %d requests", len(rows), len(items))
	}
	given := len(w.held)
	for k, row := range rows {
		var a struct{ Verdict, Run, Calls string }
		if err := json.Unmarshal(row, &a); err != nil {
			w.fail("%v", err)
		}
		if (a.Verdict == "accepted") != (sent[k] != nil) {
			w.fail("request %d is %s", k, a.Verdict)
		}
		if sent[k] != nil {
			w.track(a.Run, f, sent[k])
			w.hold(proc, []byte(a.Calls))
		}
	}
	w.checkWork(w.held[given:])
	w.look()
	w.check()
}

func (w *world) drawOutcome() outcome {
	o := outcome{Status: 200, N: rapid.IntRange(0, 9).Draw(w.t, "answer")}
	switch rapid.SampledFrom([]string{"ok", "ok", "ok", "ok", "ok", "ok", "ok", "text", "retry", "retry", "busy", "broken", "refused", "gone", "too large"}).Draw(w.t, "outcome") {
	case "text":
		o.Text = true
	case "retry":
		o.Status = 503
	case "busy":
		o.Status = 429
		o.RetryAfter = rapid.SampledFrom([]int{0, 1, 3, 100}).Draw(w.t, "retry after")
	case "broken":
		o.Status = 0
		o.Class = rapid.SampledFrom([]string{"network", "timeout", "tls"}).Draw(w.t, "class")
	case "refused":
		o.Status = 404
	case "gone":
		o.Status = 410
	case "too large":
		o.Class = "too_large"
	}
	return o
}

// step does one thing that the world may do.
func (w *world) step() {
	t := w.t
	switch rapid.SampledFrom([]string{
		"deliver", "deliver", "deliver", "deliver", "deliver", "claim", "claim", "claim", "time", "time", "release", "lose", "crash", "cancel",
		"pause", "pause", "retry", "retry", "skip", "rerun",
	}).Draw(t, "action") {
	case "deliver":
		w.drawDelivery()
	case "claim":
		if jobs := w.available(); len(jobs) > 0 {
			w.claim(w.drawProc(), jobs[:rapid.IntRange(1, len(jobs)).Draw(t, "jobs")])
		}
	case "time":
		w.tick(w.now + rapid.SampledFrom([]int64{1, 700, 3000, 61000}).Draw(t, "ms"))
		w.wake(w.drawProc())
	case "release":
		if len(w.held) > 0 {
			i := rapid.SampledFrom(w.held).Draw(t, "lease")
			w.exec("select meshhook_engine.release($1, $2)", i.proc, []int64{i.Job})
			w.look()
			w.check()
		}
	case "lose":
		w.exec("delete from meshhook_river.river_job")
		if rapid.Bool().Draw(t, "waits too") {
			w.exec("delete from meshhook.waits")
		}
		w.exec("select meshhook.requeue()")
		w.look()
		w.check()
	case "crash":
		k := rapid.IntRange(0, 1).Draw(t, "which")
		if rapid.Bool().Draw(t, "for good") {
			w.held = slices.DeleteFunc(w.held, func(i item) bool { return i.proc == w.procs[k] })
		}
		w.exec("select pg_advisory_unlock(1835362152, $1)", w.procs[k])
		w.exec("update meshhook.processes set started_at = started_at - interval '1 hour' where id = $1", w.procs[k])
		w.wake(w.procs[1-k])
		w.procs[k] = w.register()
	case "pause":
		w.pause(rapid.SampledFrom(w.runs).Draw(t, "run"))
	case "retry":
		w.retry(rapid.SampledFrom(w.runs).Draw(t, "run"))
	case "skip":
		w.skip(rapid.SampledFrom(w.runs).Draw(t, "run"))
	case "rerun":
		w.rerun(rapid.SampledFrom(w.runs).Draw(t, "run"))
	case "cancel":
		if r := rapid.SampledFrom(w.runs).Draw(t, "run"); !r.model.ended && rapid.IntRange(0, 9).Draw(t, "sure") == 9 {
			w.exec("select meshhook.cancel($1, 'enough')", r.id)
			r.model.finish("canceled", nil, nil)
			w.look()
			w.check()
		}
	}
}

// drawDelivery hands over some of the work that a process holds, in some order; sometimes results that came before once more.
func (w *world) drawDelivery() {
	t := w.t
	if len(w.held) == 0 {
		return
	}
	proc := rapid.SampledFrom(w.held).Draw(t, "holder").proc // perhaps one that counts as dead
	var results []result
	var keep []item
	for _, i := range w.held {
		if i.proc != proc || rapid.IntRange(0, 2).Draw(t, "deliver it") == 0 {
			keep = append(keep, i)
			continue
		}
		results = append(results, result{i, w.drawOutcome()})
		w.tick(i.due) // whoever holds a timer has waited for it
	}
	w.held = keep
	if len(w.sent) > 0 && rapid.IntRange(0, 4).Draw(t, "again") == 4 {
		results = append(results, rapid.SampledFrom(w.sent).Draw(t, "sent"))
	}
	if len(results) > 0 && rapid.IntRange(0, 4).Draw(t, "twice") == 4 {
		twin := rapid.SampledFrom(results).Draw(t, "twin")
		twin.outcome = w.drawOutcome()
		results = append(results, twin)
	}
	if len(results) == 0 {
		return
	}
	results = rapid.Permutation(results).Draw(t, "order")
	offers := make([]bool, len(results))
	offering := rapid.IntRange(0, 3).Draw(t, "offering") > 0
	for k := range offers {
		offers[k] = offering && (w.tied || rapid.IntRange(0, 4).Draw(t, "offer") > 0)
	}
	w.deliver(proc, w.drawTake(), results, offers)
}

// finish brings the runs forward without surprises: every round does what there is to do.
func (w *world) finish() {
	proc := w.procs[0]
	for _, r := range w.runs {
		if r.model.paused {
			w.pause(r)
		}
	}
	if jobs := w.available(); len(jobs) > 0 {
		w.claim(proc, jobs)
	}
	var results []result
	var offers []bool
	for _, i := range w.held {
		results = append(results, result{i, w.drawOutcome()})
		offers = append(offers, true)
		w.tick(i.due)
	}
	w.held = nil
	if len(results) > 0 {
		w.deliver(proc, 1000, results, offers)
		return
	}
	due := int64(0)
	for _, steps := range w.waits {
		for _, at := range slices.Collect(maps.Values(steps)) {
			if due == 0 || at < due {
				due = at
			}
		}
	}
	if due > 0 {
		w.tick(due)
		w.wake(proc)
		return
	}
	// Nobody holds anything and nothing waits: what is open was lost with a process, and comes back.
	w.exec("update meshhook_river.river_job set state = 'available' where state in ('scheduled', 'running')")
	w.look()
	if len(w.available()) == 0 {
		w.fail("the run is stuck")
	}
}

// prove checks the ends: outcome, outputs, attempts, and that the log says all of it again.
func (w *world) prove() {
	for i, r := range w.runs {
		m := r.model
		if r.seen.Status != m.status {
			w.fail("run %d: %s, the model says %s", i, r.seen.Status, m.status)
		}
		if d := differ(m.output, r.seen.Output); d != "" {
			w.fail("run %d: output: %s", i, d)
		}
		if m.error != nil {
			if d := differ(m.error, r.seen.Error); d != "" {
				w.fail("run %d: error: %s", i, d)
			}
		}
		if bad := ask[string](w, "select row_to_json(v)::text from meshhook.verify($1) v", r.id); len(bad) > 0 {
			w.fail("run %d is not proven: %v", i, bad)
		}
		if gaps := ask[int](w, "select seq from (select seq, row_number() over (order by seq) as n from meshhook.events where run_id = $1) e where seq <> n", r.id); len(gaps) > 0 {
			w.fail("run %d: gaps at %v", i, gaps)
		}
		tries := map[string]int{}
		for _, step := range ask[string](w, "select step from meshhook.events where run_id = $1 and type = 'call.attempted'", r.id) {
			tries[step]++
		}
		if !maps.Equal(tries, m.tries) {
			w.fail("run %d: attempts are %v, the model says %v", i, tries, m.tries)
		}
		w.provePrefixes(i, r)
	}
}

// provePrefixes folds the beginnings of a log again: each must give the state that the run had then.
func (w *world) provePrefixes(i int, r *tracked) {
	every := 1
	if !w.deep {
		every = 1 + len(r.past)/6
	}
	for k, s := range r.past {
		last := k == len(r.past)-1
		if k%every != 0 && !last {
			continue
		}
		var state struct {
			Seq      int
			Status   string
			Frontier map[string]any
			Steps    map[string]any
			Output   any
		}
		text := ask[[]byte](w, "select meshhook.state_at($1, $2)", r.id, s.Seq)[0]
		if err := json.Unmarshal(text, &state); err != nil {
			w.fail("%v", err)
		}
		want := s.Status
		if want == "waiting" {
			want = "running"
		}
		if state.Seq != s.Seq || state.Status != want {
			w.fail("run %d: folded up to %d it is at %d and %s, it was %s", i, s.Seq, state.Seq, state.Status, want)
		}
		if d := differ(s.Frontier, state.Frontier); d != "" {
			w.fail("run %d: folded up to %d: %s", i, s.Seq, d)
		}
		if last {
			for id, out := range r.model.out {
				if d := differ(out, state.Steps[id]); d != "" {
					w.fail("run %d: output of %s: %s", i, id, d)
				}
			}
			w.proveSteps(i, r)
		}
	}
}
