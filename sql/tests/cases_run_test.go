//go:build unix

package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// caseRun carries out one case in one transaction, as a door, a worker and an operator would.
type caseRun struct {
	t       *testing.T
	ctx     context.Context
	tx      pgx.Tx
	input   caseInput
	answers []answer // those nobody has asked for yet
	mocks   map[string]any
	kept    map[string]string

	workflow string
	endpoint string
	process  int
	start    time.Time // where the clock stood at the beginning
	now      time.Time
	work     []*workItem // what this worker was ever given
}

// workItem is what the engine gives a worker: a call to make, or a timer to sit out.
type workItem struct {
	Job     int64  `json:"job"`
	Run     string `json:"run"`
	Step    string `json:"step"`
	Attempt int    `json:"attempt"`
	Kind    string `json:"kind"`
	AfterMS int64  `json:"after_ms"`
	Request struct {
		URL string `json:"url"`
	} `json:"request"`
	Refused map[string]any `json:"refused"` // why it must not be made
	due     time.Time      // not before this
	done    bool
}

// exec runs a statement for its effect; scan reads its one row.
func (c *caseRun) exec(sql string, args ...any) {
	c.t.Helper()
	if _, err := c.tx.Exec(c.ctx, sql, args...); err != nil {
		c.t.Fatalf("%v\nin %s", explained(err), sql)
	}
}

func (c *caseRun) scan(into any, sql string, args ...any) {
	c.t.Helper()
	if err := c.tx.QueryRow(c.ctx, sql, args...).Scan(into); err != nil {
		c.t.Fatalf("%v\nin %s", explained(err), sql)
	}
}

func explained(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("%w\n%s\n%s", err, pg.Detail, pg.Where)
	}
	return err
}

// prepare makes the project, its variables and workflows, and a worker. The clock stands at noon of the day before yesterday.
func (c *caseRun) prepare(definition json.RawMessage) {
	c.t.Helper()
	c.scan(&c.start, "select date_trunc('day', now(), 'UTC') - interval '36 hours'")
	c.start = c.start.UTC()
	c.now = c.start
	c.setClock()
	c.exec("select meshhook.create_project('case')")
	for name, value := range c.input.Vars {
		c.exec("select meshhook.set_var('case', $1, $2::text::jsonb)", name, encode(value))
	}
	for _, d := range append([]json.RawMessage{definition}, c.input.Also...) {
		var head struct{ Name string }
		if err := json.Unmarshal(d, &head); err != nil {
			c.t.Fatal(err)
		}
		if c.workflow == "" {
			c.workflow = head.Name
		}
	}
	for _, d := range slices.Backward(append([]json.RawMessage{definition}, c.input.Also...)) { // what is called before what calls it
		var head struct{ Name string }
		if err := json.Unmarshal(d, &head); err != nil {
			c.t.Fatal(err)
		}
		c.exec("select meshhook.publish('case', $1, $2::text::jsonb)", head.Name, string(d))
	}
	c.scan(&c.process, "select meshhook_engine.register('cases', 'test')")
}

func (c *caseRun) setClock() {
	c.t.Helper()
	c.exec("select set_config('meshhook.fake_now', $1, true)", c.now.Format(time.RFC3339Nano))
}

// begin starts the first run, as input.json says: by a webhook, by hand, or not at all.
func (c *caseRun) begin() {
	c.t.Helper()
	switch {
	case c.input.Webhook != nil:
		c.act(action{Webhook: c.input.Webhook, Verdict: "accepted"})
	case c.input.Input != nil || c.input.Start != nil:
		with := map[string]any{}
		for k, v := range c.input.Start {
			with[k] = v
		}
		if c.input.Input != nil {
			with["input"] = c.input.Input
		}
		c.act(action{Start: with})
	}
}

func (c *caseRun) act(a action) {
	c.t.Helper()
	switch {
	case a.Settle:
		c.settle()
	case a.LoseQueue:
		c.exec("delete from meshhook_river.river_job")
		c.work = nil
	case a.Answer > 0:
		for range a.Answer {
			if len(c.answers) == 0 {
				c.t.Fatal("calls.json has no answer left")
			}
			c.claim()
			if !c.next() {
				c.t.Fatalf("step %s makes no call now", c.answers[0].Step)
			}
		}
	case a.Deliver != nil:
		c.deliver(c.item(*a.Deliver, true), *a.Deliver, a.Verdict)
	case a.Advance != "":
		d, err := time.ParseDuration(a.Advance)
		if err != nil {
			c.t.Fatal(err)
		}
		c.advance(c.now.Add(d))
	case a.Webhook != nil:
		c.knock(*a.Webhook, a.Verdict)
	case a.Start != nil:
		c.verb("start", a.Start, a)
	case a.Verb != "":
		c.verb(a.Verb, a.With, a)
	default:
		c.t.Fatalf("an action that does nothing: %+v", a)
	}
}

// settle goes on until nothing moves any more: answers in order, and when the next one is not asked for yet, the clock moves to
// what is due next.
func (c *caseRun) settle() {
	c.t.Helper()
	for range 1000 {
		c.claim()
		if c.next() || c.timers() {
			continue
		}
		var due *time.Time
		c.scan(&due, "select min(w.due_at) from meshhook.waits w where isfinite(w.due_at)")
		if due == nil {
			return
		}
		before := c.state()
		c.advance(*due)
		if c.state() == before {
			c.t.Fatalf("what is due at %s brings nothing about", c.moment(*due))
		}
	}
	c.t.Fatal("the case does not settle")
}

// state changes with everything that happens to a run or its queue rows.
func (c *caseRun) state() (s string) {
	c.t.Helper()
	c.scan(&s, `select concat((select sum(r.seq) from meshhook.runs r), ' ', (select string_agg(concat(w.step, w.due_at), ' ') from meshhook.waits w),
		' ', (select count(*) from meshhook_river.river_job))`)
	return s
}

// advance moves the clock, and does what a worker does all the time: it sees to what is due.
func (c *caseRun) advance(to time.Time) {
	c.t.Helper()
	c.now = to.UTC()
	c.setClock()
	for range 50 {
		var did int
		c.scan(&did, "select coalesce(sum(w.did), 0) from meshhook_engine.wake($1, 100) w", c.process)
		if did == 0 {
			return
		}
	}
	c.t.Fatal("wake finds something to do for ever")
}

// claim takes what the queue has for anybody, as River does, and begins it.
func (c *caseRun) claim() {
	c.t.Helper()
	for range 50 {
		rows, err := c.tx.Query(c.ctx, `
			with claimed as (
				update meshhook_river.river_job j
				set state = 'running', attempt = j.attempt + 1, attempted_at = now(), attempted_by = array_append(coalesce(j.attempted_by, '{}'), $1::text)
				where j.state = 'available' returning j.id
			)
			select array_agg(id order by id) from claimed`, fmt.Sprint(c.process))
		if err != nil {
			c.t.Fatal(explained(err))
		}
		jobs, err := pgx.CollectOneRow(rows, pgx.RowTo[[]int64])
		if err != nil {
			c.t.Fatal(explained(err))
		}
		if len(jobs) == 0 {
			return
		}
		rows, err = c.tx.Query(c.ctx, "select b.calls::text from meshhook_engine.begin($1, $2) b order by b.job", c.process, jobs)
		c.took(rows, err)
		// A row that holds nothing is finished; one that only says there is something to do was heard.
		var look bool
		c.scan(&look, `
			with empty as (
				delete from meshhook_river.river_job j where j.id = any ($1)
				and not exists (select from meshhook.runs r, jsonb_each_text(r.jobs) h where r.id = (j.args ->> 'run_id')::uuid and h.value = j.id::text)
				returning j.args
			)
			select coalesce(bool_or(args ? 'wake'), false) from empty`, jobs)
		if look {
			c.advance(c.now)
		}
		c.refuse()
	}
	c.t.Fatal("the queue is never empty")
}

// refuse delivers for calls that must not be made why that is so.
func (c *caseRun) refuse() {
	c.t.Helper()
	for _, w := range c.work {
		if w.Refused != nil && !w.done {
			c.deliver(w, answer{Error: w.Refused}, "")
		}
	}
}

// took remembers the work that came along with an answer of the engine.
func (c *caseRun) took(rows pgx.Rows, err error) {
	c.t.Helper()
	var lists []string
	if err == nil {
		lists, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		c.t.Fatal(explained(err))
	}
	for _, list := range lists {
		c.addWork(list)
	}
}

// next gives the next answer of calls.json to the call that it is for, when that is being made.
func (c *caseRun) next() bool {
	c.t.Helper()
	if len(c.answers) == 0 {
		return false
	}
	a := c.answers[0]
	item := c.item(a, false)
	if item == nil {
		return false
	}
	c.answers = c.answers[1:]
	c.deliver(item, a, "")
	return true
}

// item is the newest work for a step; with again also such as was delivered before.
func (c *caseRun) item(a answer, again bool) *workItem {
	c.t.Helper()
	for _, w := range slices.Backward(c.work) {
		if w.Step == a.Step && (a.Attempt == 0 || a.Attempt == w.Attempt) && (again || !w.done) && (a.Run == "" || w.Run == c.filled(a.Run)) {
			return w
		}
	}
	if again {
		c.t.Fatalf("step %s was never given to this worker", a.Step)
	}
	return nil
}

// timers delivers one timer that this worker sits out itself.
func (c *caseRun) timers() bool {
	c.t.Helper()
	for _, w := range c.work {
		if w.Kind == "timer" && !w.done {
			c.deliver(w, answer{}, "")
			return true
		}
	}
	return false
}

// deliver hands in what came of one piece of work, when it is due.
func (c *caseRun) deliver(w *workItem, a answer, verdict string) {
	c.t.Helper()
	w.done = true
	due := w.due
	if a.Takes != "" {
		d, err := time.ParseDuration(a.Takes)
		if err != nil {
			c.t.Fatal(err)
		}
		due = due.Add(d)
	}
	if c.now.Before(due) {
		c.advance(due)
	}
	result := map[string]any{"job": w.Job, "run": w.Run, "step": w.Step, "attempt": w.Attempt, "kind": w.Kind, "take": c.input.Slots > 0, "url": w.Request.URL}
	var body []byte
	if a.Status != 0 {
		headers := map[string]string{}
		switch {
		case a.Text != nil:
			body = []byte(*a.Text)
		case a.Letters > 0:
			body = bytes.Repeat([]byte("x"), a.Letters)
		case a.Base64 != nil:
			body = *a.Base64
		case a.Body != nil:
			body = []byte(c.filled(string(a.Body)))
			headers["content-type"] = "application/json"
		}
		for k, v := range a.Headers {
			headers[k] = c.filled(v)
		}
		result["response"] = map[string]any{"status": a.Status, "headers": headers, "text": a.Base64 == nil}
	}
	if a.Error != nil {
		result["error"] = a.Error
	}
	var got, calls string
	err := c.tx.QueryRow(c.ctx, "select d.verdict, d.calls::text from meshhook_engine.deliver($1, $2, array[$3::text::jsonb], array[$4::bytea]) d",
		c.process, c.input.Slots, encode(result), body).Scan(&got, &calls)
	if err != nil {
		c.t.Fatal(explained(err))
	}
	if verdict == "" {
		verdict = "recorded"
	}
	if got != verdict {
		c.t.Fatalf("the result of step %s was %s, want %s", w.Step, got, verdict)
	}
	c.addWork(calls)
	c.refuse()
}

func (c *caseRun) addWork(list string) {
	c.t.Helper()
	var items []*workItem
	if err := json.Unmarshal([]byte(list), &items); err != nil {
		c.t.Fatal(err)
	}
	for _, w := range items {
		w.due = c.now.Add(time.Duration(w.AfterMS) * time.Millisecond)
	}
	c.work = append(c.work, items...)
}
