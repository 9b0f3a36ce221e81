//go:build unix

package enginetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// A storm is many sessions that do everything at once to the same few runs.
type storm struct {
	t   *testing.T
	url string

	mu   sync.Mutex
	runs []string // the shared ones; those that are started replace others

	recorded, stale, refused, steered atomic.Int64
}

// some are a few of the runs, in any order.
func (s *storm) some(most int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some []string
	for _, k := range rand.Perm(len(s.runs))[:min(1+rand.IntN(most), len(s.runs))] {
		some = append(some, s.runs[k])
	}
	return some
}

func (s *storm) one() string { return s.some(1)[0] }

// deliver brings results of steps that may be open or not, under rows that may hold them or not, like processes of every
// degree of confusion.
func (s *storm) deliver(ctx context.Context, c *pgx.Conn) error {
	var results []string
	for _, run := range s.some(3) {
		var jobs []int64
		if err := c.QueryRow(ctx, "select coalesce(array_agg(value::bigint), '{}') from meshhook.runs r, jsonb_each_text(r.jobs) where r.id = $1", run).Scan(&jobs); err != nil {
			return err
		}
		job := "0"
		if len(jobs) > 0 && rand.IntN(3) > 0 {
			job = fmt.Sprint(jobs[rand.IntN(len(jobs))])
		}
		for _, k := range rand.Perm(4)[:1+rand.IntN(3)] {
			step := []string{"a", "b", "nap", "end"}[k]
			status := []int{200, 200, 200, 503, 404}[rand.IntN(5)]
			result := fmt.Sprintf(`{"job": %s, "run": %q, "step": %q, "attempt": %d, "take": %t, "kind": "call", "response": {"status": %d}}`,
				job, run, step, 1+rand.IntN(2), rand.IntN(2) == 0, status)
			if step == "nap" {
				result = fmt.Sprintf(`{"job": %s, "run": %q, "step": "nap", "attempt": 0, "take": true, "kind": "timer"}`, job, run)
			}
			results = append(results, result)
		}
	}
	var recorded, stale int64
	err := c.QueryRow(ctx, `select count(*) filter (where verdict = 'recorded'), count(*) filter (where verdict = 'stale')
		from meshhook_engine.deliver($1, $2, array(select jsonb_array_elements($3::jsonb)), array[]::bytea[])`,
		1+rand.IntN(4), rand.IntN(20), "["+strings.Join(results, ",")+"]").Scan(&recorded, &stale)
	s.recorded.Add(recorded)
	s.stale.Add(stale)
	return err
}

// claim takes rows as River does, and finishes those that hold nothing, as a worker lets River do.
func (s *storm) claim(ctx context.Context, c *pgx.Conn) error {
	process := 1 + rand.IntN(4)
	var claimed, begun []int64
	err := c.QueryRow(ctx, `with c as (update meshhook_river.river_job set state = 'running', attempted_at = clock_timestamp(), attempted_by = array[$1::int::text] where id in (
		select id from meshhook_river.river_job where state = 'available' order by priority, scheduled_at, id limit 10 for update skip locked) returning id)
		select coalesce(array_agg(id), '{}') from c`, process).Scan(&claimed)
	if err == nil {
		err = c.QueryRow(ctx, "select coalesce(array_agg(job), '{}') from meshhook_engine.begin($1, $2)", process, claimed).Scan(&begun)
	}
	if err == nil {
		_, err = c.Exec(ctx, `update meshhook_river.river_job set state = 'completed', finalized_at = clock_timestamp() where state = 'running'
			and id in (select j from unnest($1::bigint[]) j where not j = any ($2) order by 1)`, claimed, begun)
	}
	return err
}

// verb does something by hand to a run; most of the time the run says no.
func (s *storm) verb(statement string) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, statement, s.one())
		var e *pgconn.PgError
		if errors.As(err, &e) && strings.HasPrefix(e.Code, "MH") {
			s.refused.Add(1)
			return nil
		}
		s.steered.Add(1)
		return err
	}
}

func (s *storm) statement(sql string) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, sql)
		return err
	}
}

// stormFlows are the workflows, one of which lets few runs at a time begin.
var stormFlows = []string{"wide", "wide", "wide", "turns"}

// start starts a run in place of another one.
func (s *storm) start(ctx context.Context, c *pgx.Conn) error {
	if rand.IntN(4) > 0 {
		return nil // the runs there are want time to get somewhere
	}
	var run string
	body := fmt.Sprintf(`{"k": "%d"}`, rand.IntN(4))
	if err := c.QueryRow(ctx, "select meshhook.start('proof', $1, $2)::text", stormFlows[rand.IntN(4)], body).Scan(&run); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[rand.IntN(len(s.runs))] = run
	return nil
}

// TestLockOrderInAStorm lets dozens of sessions deliver, claim, wake, beat, hand back, requeue, signal and steer the same runs for a
// while. PostgreSQL sees no deadlock, whatever is refused is refused in words, and every run is proven.
func TestLockOrderInAStorm(t *testing.T) {
	lasting, share := 4*time.Second, 4
	if os.Getenv("MESHHOOK_SOAK") != "" {
		lasting, share = 30*time.Second, 1
	}
	s := &storm{t: t, url: dbtest.URL(t)}
	conn := connect(t, s.url)
	must(t, conn, "select meshhook.create_project('proof')")
	for name, policy := range map[string]string{"wide": "{}", "turns": `{"concurrency": {"key": "trigger.body.k", "limit": 4}}`} {
		must(t, conn, "select meshhook.publish('proof', $1, $2)", name, fmt.Sprintf(`{"apiVersion": "meshhook/v1", "name": %q, "policy": %s,
		"nodes": {"a": {"type": "http_call", "with": {"url": "http://target.test/"}, "retry": {"max_attempts": 3, "base": "1ms"}},
			"b": {"type": "http_call", "with": {"url": "http://target.test/"}, "retry": {"max_attempts": 3, "base": "1ms"}},
			"nap": {"type": "delay", "with": {"for": "1ms"}},
			"ask": {"type": "wait", "with": {"signal": "go", "key": "trigger.body.k"}},
			"end": {"type": "http_call", "with": {"url": "http://target.test/"}, "retry": {"max_attempts": 2, "base": "1ms"}}},
		"edges": [{"from": "trigger", "to": "a"}, {"from": "trigger", "to": "b"}, {"from": "trigger", "to": "nap"}, {"from": "trigger", "to": "ask"},
			{"from": "a", "to": "end"}, {"from": "b", "to": "end"}, {"from": "nap", "to": "end"}, {"from": "ask", "to": "end"}]}`, name, policy))
	}
	for range 4 {
		must(t, conn, "select meshhook_engine.register('storm', 'test')")
	}
	must(t, conn, "update meshhook.processes set started_at = started_at - interval '1 minute'") // so that they can be held for dead
	for k := range 24 {
		s.runs = append(s.runs, get[string](t, conn, "select meshhook.start('proof', $1, $2)::text", stormFlows[k%4], fmt.Sprintf(`{"k": "%d"}`, k%4)))
	}
	deadlocks := get[int64](t, conn, "select deadlocks from pg_stat_database where datname = current_database()")

	crews := []struct {
		name  string
		count int
		work  func(context.Context, *pgx.Conn) error
	}{
		{"deliver", 28, s.deliver},
		{"claim", 4, s.claim},
		{"wake", 5, s.statement("select meshhook_engine.wake(1, 50)")},
		{"rejoin", 1, s.statement("select meshhook_engine.rejoin(p, 'storm', 'test') from generate_series(1, 4) p")},
		{"start", 2, s.start},
		{"cancel", 1, s.verb("select meshhook.cancel($1)")},
		{"pause", 2, s.verb("select meshhook.pause($1)")},
		{"resume", 4, s.verb("select meshhook.resume($1)")},
		{"retry", 3, s.verb("select meshhook.retry($1)")},
		{"skip", 2, s.verb("select meshhook.skip_step($1, 'a')")},
		{"signal", 2, s.statement("select meshhook.signal('proof', 'go', (random() * 4)::int::text)")},
		{"beat", 2, s.statement("select meshhook_engine.beat(1 + floor(random() * 4)::int, array(select id from meshhook_river.river_job))")},
		{"recall", 2, s.statement("select meshhook_engine.recall(1 + floor(random() * 4)::int, '{}', '{scheduled,running}', '0')")},
		{"release", 2, s.statement("select meshhook_engine.release(1 + floor(random() * 4)::int, array(select id from meshhook_river.river_job order by random()))")},
		{"bury", 2, s.statement("select meshhook_engine.wake_orphans(null)")},
		{"requeue", 1, s.statement("select meshhook.requeue()")},
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wait, ready sync.WaitGroup
	var sessions, turns int
	counts := make([]atomic.Int64, len(crews))
	var over time.Time
	begin := make(chan struct{})
	for i, crew := range crews {
		for range (crew.count + share - 1) / share {
			sessions++
			ready.Add(1)
			c := connect(t, s.url)
			wait.Go(func() {
				defer c.Close(context.WithoutCancel(ctx))
				turn := func() {
					if err := crew.work(ctx, c); err != nil && ctx.Err() == nil {
						t.Errorf("%s: %s", crew.name, told(err))
						cancel()
					}
				}
				turn() // a session's first turn takes longer than all that follow
				ready.Done()
				<-begin
				for time.Now().Before(over) && ctx.Err() == nil {
					turn()
					counts[i].Add(1)
				}
			})
		}
	}
	ready.Wait()
	over = time.Now().Add(lasting)
	close(begin)
	wait.Wait()
	did := ""
	for i, crew := range crews {
		turns += int(counts[i].Load())
		did += fmt.Sprintf(" %s %d", crew.name, counts[i].Load())
	}
	dbtest.Report(t, "%d sessions, %d turns in %.0f s: %d results recorded, %d stale, %d verbs done, %d refused;%s",
		sessions, turns, lasting.Seconds(), s.recorded.Load(), s.stale.Load(), s.steered.Load(), s.refused.Load(), did)

	if now := get[int64](t, conn, "select deadlocks from pg_stat_database where datname = current_database()"); now != deadlocks {
		t.Errorf("PostgreSQL counted %d deadlocks", now-deadlocks)
	}
	for what, sql := range map[string]string{
		"attempts are in the log twice": `select count(*)::int from (select from meshhook.events where type = 'call.attempted'
			group by run_id, step, attempt, (select count(*) from meshhook.events x where x.run_id = events.run_id and x.type = 'run.retried' and x.seq < events.seq) having count(*) > 1) x`,
		"runs are not proven": `select count(*)::int from meshhook.runs r where exists (select from meshhook.verify(r.id))`,
		"open steps are held by nobody": `select count(*)::int from meshhook.runs r cross join jsonb_object_keys(r.frontier -> 'open') o(step)
			where r.finished_at is null and r.status not in ('paused') and o.step <> '*' -- a run that has not been let in yet
			  and not exists (select from meshhook.waits w where w.run_id = r.id and w.step = o.step)
			  and not exists (select from meshhook_river.river_job j where j.id = (r.jobs ->> o.step)::bigint and j.state <> 'completed')`,
		"queue rows hold nothing": `select count(*)::int from meshhook_river.river_job j where j.state <> 'completed' and not j.args ? 'wake' and not exists (
			select from meshhook.runs r cross join jsonb_each_text(r.jobs) h where r.id = (j.args ->> 'run_id')::uuid and h.value = j.id::text)`,
		"runs that have ended still wait": `select count(*)::int from meshhook.waits w join meshhook.runs r on r.id = w.run_id where r.finished_at is not null`,
	} {
		if bad := get[int](t, conn, sql); bad > 0 {
			t.Errorf("%d %s", bad, what)
		}
	}
}

// told is an error with all that PostgreSQL says about it.
func told(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return fmt.Sprintf("%s %s\n%s\n%s", e.Code, e.Message, e.Detail, e.Where)
	}
	return err.Error()
}
