//go:build unix

package worker_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/dbtest"
	"github.com/profullstack/meshhook/worker"
)

// alarms keeps what an operator would be woken by.
type alarms struct {
	mu    sync.Mutex
	lines []string
}

func (a *alarms) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (a *alarms) WithAttrs([]slog.Attr) slog.Handler               { return a }
func (a *alarms) WithGroup(string) slog.Handler                    { return a }
func (a *alarms) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(attr slog.Attr) bool { line += " " + attr.String(); return true })
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, line)
	return nil
}

func (a *alarms) none(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, line := range a.lines {
		t.Errorf("logged: %s", line)
	}
}

// shop is a database with a target; processes are started as the test needs them.
type shop struct {
	t      *testing.T
	url    string
	pool   *pgxpool.Pool
	target *httptest.Server
	calls  atomic.Int64
	answer func(w http.ResponseWriter, r *http.Request, n int64)
	alarms alarms
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, url: dbtest.URL(t)}
	s.pool = dbtest.Open(t, s.url)
	s.target = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := s.calls.Add(1)
		if s.answer != nil {
			s.answer(w, r, n)
			return
		}
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(s.target.Close)
	s.exec("select meshhook.create_project('p')")
	return s
}

func (s *shop) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.pool.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) text(sql string, args ...any) string {
	s.t.Helper()
	var out *string
	if err := s.pool.QueryRow(s.t.Context(), sql, args...).Scan(&out); err != nil {
		s.t.Fatal(err)
	}
	if out == nil {
		return ""
	}
	return *out
}

func (s *shop) publish(name, nodes, edges string) {
	s.t.Helper()
	s.exec("select meshhook.publish('p', $1, $2::jsonb)", name,
		fmt.Sprintf(`{"apiVersion": "meshhook/v1", "name": %q, "nodes": %s, "edges": %s}`, name, strings.ReplaceAll(nodes, "TARGET", s.target.URL), edges))
}

func (s *shop) start(name string, n int) {
	s.t.Helper()
	s.exec("select meshhook.start('p', $1, '{}'::jsonb) from generate_series(1, $2)", name, n)
}

func (s *shop) process(change func(*worker.Config)) *worker.Process {
	s.t.Helper()
	pool, err := db.Open(s.t.Context(), s.url, db.PoolOptions{MaxConns: 12, Name: "worker under test"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(pool.Close)
	conf := worker.Config{
		Pool: pool, Caller: newCaller(s.t, nil), Name: "test", Version: "test", Work: true, Workers: 50, Drain: 10 * time.Second,
		Log: slog.New(&s.alarms),
	}
	if change != nil {
		change(&conf)
	}
	p, err := worker.Start(s.t.Context(), conf)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = p.Stop(context.Background()) })
	return p
}

func (s *shop) wait(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%s did not come about; runs: %s; queue: %s", what,
				s.text("select string_agg(status || ' ' || coalesce(error::text, ''), ', ') from (select status, error from meshhook.runs limit 5) r"),
				s.text("select string_agg(state::text || ' ' || coalesce(attempted_by::text, ''), ', ') from (select * from meshhook_river.river_job limit 5) j"))
		}
	}
}

// ended waits until no run is open and no queue row left, and checks how many succeeded.
func (s *shop) ended(succeeded int) {
	s.t.Helper()
	s.wait("the end of all runs", func() bool {
		return s.text("select count(*)::text from meshhook.runs where finished_at is null") == "0"
	})
	if n := s.text("select count(*)::text from meshhook.runs where status = 'succeeded'"); n != fmt.Sprint(succeeded) {
		s.t.Errorf("%s runs succeeded, want %d: %s", n, succeeded, s.text("select string_agg(distinct error::text, ' ') from meshhook.runs"))
	}
	s.wait("the queue being empty", func() bool { return s.text("select count(*)::text from meshhook_river.river_job") == "0" })
	if bad := s.text("select string_agg(v::text, ' ') from meshhook.runs r, meshhook.verify(r.id) v"); bad != "" {
		s.t.Errorf("the log does not prove the runs: %s", bad)
	}
}

const (
	one      = `{"a": {"type": "http_call", "with": {"url": "TARGET/a"}}}`
	oneEdge  = `[{"from": "trigger", "to": "a"}]`
	fan      = `{"a": {"type": "http_call", "with": {"url": "TARGET/a"}}, "b": {"type": "http_call", "with": {"url": "TARGET/b"}}, "c": {"type": "http_call", "with": {"url": "TARGET/c"}}, "z": {"type": "http_call", "with": {"url": "TARGET/z"}}}`
	fanEdges = `[{"from": "trigger", "to": "a"}, {"from": "trigger", "to": "b"}, {"from": "trigger", "to": "c"}, {"from": "a", "to": "z"}, {"from": "b", "to": "z"}, {"from": "c", "to": "z"}]`
)

func TestProcessDrainsTheQueue(t *testing.T) {
	s := newShop(t)
	s.publish("one", one, oneEdge)
	s.publish("fan", fan, fanEdges)
	s.start("one", 100)
	s.start("fan", 20)
	p := s.process(nil)
	s.ended(120)
	if n := s.calls.Load(); n != 180 {
		t.Errorf("%d calls, want 180", n)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	stats := p.Stats()
	if stats.Claimed == 0 || stats.Recorded != 180 || stats.Stale != 0 || stats.Abandoned != 0 || stats.Busy != 0 {
		t.Errorf("%+v", stats)
	}
	s.alarms.none(t)
}

// A chain of more calls than one claim may make goes on through the queue, and every call is made once.
func TestProcessGoesOnWithLongChains(t *testing.T) {
	s := newShop(t)
	nodes, edges, before := []string{}, []string{}, "trigger"
	for i := range 40 {
		name := fmt.Sprintf("n%d", i)
		nodes = append(nodes, fmt.Sprintf(`%q: {"type": "http_call", "with": {"url": "TARGET/%s"}}`, name, name))
		edges = append(edges, fmt.Sprintf(`{"from": %q, "to": %q}`, before, name))
		before = name
	}
	s.publish("long", "{"+strings.Join(nodes, ",")+"}", "["+strings.Join(edges, ",")+"]")
	s.start("long", 3)
	p := s.process(nil)
	s.ended(3)
	if n := s.calls.Load(); n != 120 {
		t.Errorf("%d calls, want 120", n)
	}
	if claimed := p.Stats().Claimed; claimed < 9 {
		t.Errorf("%d claims, want at least three a run", claimed)
	}
	s.alarms.none(t)
}

func TestProcessRetriesAndWaits(t *testing.T) {
	s := newShop(t)
	s.answer = func(w http.ResponseWriter, _ *http.Request, n int64) {
		if n <= 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	s.publish("retry", `{"d": {"type": "delay", "with": {"for": "300ms"}}, "a": {"type": "http_call", "with": {"url": "TARGET/a"}, "retry": {"max_attempts": 3, "base": "200ms", "jitter": "none"}},
		"e": {"type": "delay", "with": {"for": "2500ms"}}}`, `[{"from": "trigger", "to": "d"}, {"from": "d", "to": "a"}, {"from": "a", "to": "e"}]`)
	s.start("retry", 1)
	s.process(nil)
	s.ended(1)
	if n := s.calls.Load(); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
	if took := s.text("select (finished_at - started_at > interval '3300 milliseconds')::text from meshhook.runs"); took != "true" {
		t.Error("the run did not wait as long as it should")
	}
	s.alarms.none(t)
}

// While its breaker is open a call is not made: it fails at once, or waits and is made when the breaker is closed.
func TestProcessHeedsBreakers(t *testing.T) {
	s := newShop(t)
	s.publish("fast", `{"a": {"type": "http_call", "with": {"url": "TARGET/a"}, "breaker": {"key": "t", "when_open": "fail"}, "on_error": "continue"}}`, oneEdge)
	s.publish("slow", `{"a": {"type": "http_call", "with": {"url": "TARGET/a"}, "breaker": {"key": "t"}}}`, oneEdge)
	s.exec("select meshhook.trip_breaker('p', 't')")
	s.start("fast", 3)
	s.start("slow", 3)
	s.process(nil)
	s.wait("the refusals", func() bool {
		return s.text("select count(*)::text from meshhook.runs where status = 'succeeded' and output #>> '{error,code}' = 'MH_BREAKER_OPEN'") == "3"
	})
	s.wait("the waits", func() bool { return s.text("select waiting::text from meshhook.breaker_state") == "3" })
	if n := s.calls.Load(); n != 0 {
		t.Errorf("%d calls through an open breaker", n)
	}
	s.exec("select meshhook.reset_breaker('p', 't')")
	s.ended(6)
	if n := s.calls.Load(); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
	s.alarms.none(t)
}

func TestProcessDropsResultsOfRunsThatEnded(t *testing.T) {
	s := newShop(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	s.answer = func(http.ResponseWriter, *http.Request, int64) { entered <- struct{}{}; <-leave }
	s.publish("one", one, oneEdge)
	s.start("one", 1)
	p := s.process(nil)
	<-entered
	s.exec("set local meshhook.notify = off; select meshhook.cancel(id, 'enough') from meshhook.runs") // nobody tells the process
	close(leave)
	s.wait("the stale result", func() bool { return p.Stats().Stale == 1 })
	if status := s.text("select status::text from meshhook.runs"); status != "canceled" {
		t.Errorf("the run is %s", status)
	}
	s.wait("the queue being empty", func() bool { return s.text("select count(*)::text from meshhook_river.river_job") == "0" })
	s.alarms.none(t)
}

// A call in flight is given up when its run is canceled: the process is told, and does not wait for the call's end.
func TestProcessGivesUpCallsOfCanceledRuns(t *testing.T) {
	s := newShop(t)
	entered, gone := make(chan struct{}, 10), make(chan struct{}, 10)
	s.answer = func(_ http.ResponseWriter, r *http.Request, _ int64) {
		entered <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	}
	s.publish("one", one, oneEdge)
	s.start("one", 2)
	p := s.process(nil)
	<-entered
	<-entered
	s.exec("select meshhook.cancel(id, 'enough') from (select id from meshhook.runs order by id limit 1) r")
	<-gone
	s.exec("select meshhook.skip_step(id, 'a') from meshhook.runs where finished_at is null")
	<-gone
	s.wait("free slots", func() bool { return p.Stats().Busy == 0 })
	if stats := p.Stats(); stats.Abandoned != 2 || stats.Stale != 0 {
		t.Errorf("%+v", stats)
	}
	s.wait("the queue being empty", func() bool { return s.text("select count(*)::text from meshhook_river.river_job") == "0" })
	if ends := s.text("select string_agg(status::text, ' ' order by id) from meshhook.runs"); ends != "canceled succeeded" {
		t.Errorf("the runs are %s", ends)
	}
	s.alarms.none(t)
}

// A call beside the one that failed its run is given up with the next heartbeat.
func TestProcessGivesUpCallsOfFailedRuns(t *testing.T) {
	s := newShop(t)
	entered := make(chan struct{})
	s.answer = func(w http.ResponseWriter, r *http.Request, _ int64) {
		if r.URL.Path == "/b" {
			close(entered)
			<-r.Context().Done()
			return
		}
		<-entered
		w.WriteHeader(http.StatusNotFound)
	}
	s.publish("two", `{"a": {"type": "http_call", "with": {"url": "TARGET/a"}}, "b": {"type": "http_call", "with": {"url": "TARGET/b"}, "timeout": "2m"}}`,
		`[{"from": "trigger", "to": "a"}, {"from": "trigger", "to": "b"}]`)
	s.start("two", 1)
	p := s.process(nil)
	s.wait("the end of the call", func() bool { return p.Stats().Abandoned == 1 && p.Stats().Busy == 0 })
	if status := s.text("select status::text from meshhook.runs"); status != "failed" {
		t.Errorf("the run is %s", status)
	}
	s.alarms.none(t)
}

func TestProcessStopsGracefully(t *testing.T) {
	s := newShop(t)
	entered, leave := make(chan struct{}, 100), make(chan struct{})
	s.answer = func(_ http.ResponseWriter, r *http.Request, _ int64) {
		entered <- struct{}{}
		select {
		case <-leave:
		case <-r.Context().Done():
		}
	}
	s.publish("one", one, oneEdge)
	s.start("one", 5)
	p := s.process(nil)
	for range 5 {
		<-entered
	}
	stopped := make(chan error, 1)
	go func() { stopped <- p.Stop(context.Background()) }()
	s.wait("no more slots", func() bool { return p.Take(1) == 0 })
	close(leave) // in flight when Stop began: they finish
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	s.ended(5)
	if n := s.calls.Load(); n != 5 {
		t.Errorf("%d calls, want 5", n)
	}
	s.alarms.none(t)
}

func TestProcessHandsBackWhatDoesNotEnd(t *testing.T) {
	s := newShop(t)
	entered := make(chan struct{}, 100)
	s.answer = func(_ http.ResponseWriter, r *http.Request, n int64) {
		entered <- struct{}{}
		if n <= 3 {
			<-r.Context().Done()
		}
	}
	s.publish("one", one, oneEdge)
	s.start("one", 3)
	p := s.process(func(c *worker.Config) { c.Drain = 50 * time.Millisecond })
	for range 3 {
		<-entered
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if stats := p.Stats(); stats.Abandoned != 3 {
		t.Errorf("%+v", stats)
	}
	if n := s.text("select count(*)::text from meshhook_river.river_job where state = 'available'"); n != "3" {
		t.Errorf("%s rows are available, want 3", n)
	}
	s.process(nil)
	s.ended(3)
	if n := s.calls.Load(); n != 6 {
		t.Errorf("%d calls, want 6", n)
	}
}

// Losing every connection at once, the liveness session among them, loses nothing.
func TestProcessSurvivesTheLossOfItsConnections(t *testing.T) {
	s := newShop(t)
	s.publish("one", one, oneEdge)
	p := s.process(nil)
	for range 3 {
		s.start("one", 30)
		s.exec("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'worker under test'")
		s.exec("delete from meshhook.processes") // as others do with whom they hold for dead
		s.wait("the session standing again", func() bool {
			return p.Alive() && s.text("select count(*)::text from meshhook.processes where id = $1", p.ID()) == "1"
		})
	}
	s.ended(90)
	if locked := s.text("select count(*)::text from pg_locks where locktype = 'advisory' and classid = 1835362152 and objid = $1::int::oid and granted and database = (select oid from pg_database where datname = current_database())", p.ID()); locked != "1" {
		t.Errorf("%s sessions hold the lock", locked)
	}
}

func TestDoorAloneTakesNoWork(t *testing.T) {
	s := newShop(t)
	s.publish("one", one, oneEdge)
	s.start("one", 1)
	p := s.process(func(c *worker.Config) { c.Work = false })
	if n := p.Take(5); n != 0 {
		t.Errorf("it offers %d slots", n)
	}
	if !p.Alive() {
		t.Error("it does not hold its lock")
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if n := s.calls.Load(); n != 0 {
		t.Errorf("%d calls", n)
	}
}
