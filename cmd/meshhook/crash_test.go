//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/db/dbtest"
)

// soaking says that tests may take their time.
func soaking() bool { return os.Getenv("MESHHOOK_SOAK") != "" }

// crashTarget is what runs call. It knows each call by its idempotency key, is now and then slow, and refuses some first
// attempts.
type crashTarget struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]int
}

func newCrashTarget(t *testing.T) *crashTarget {
	t.Helper()
	c := &crashTarget{seen: map[string]int{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		key := r.Header.Get("Idempotency-Key")
		c.mu.Lock()
		c.seen[key]++
		first := c.seen[key] == 1
		c.mu.Unlock()
		select { // work that takes a moment
		case <-time.After(time.Duration(rand.IntN(30)) * time.Millisecond):
		case <-r.Context().Done():
		}
		if first && rand.IntN(8) == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// Each call has an answer of its own: a second result of one attempt would show.
		fmt.Fprintf(w, `{"answer": %q}`, fmt.Sprint(rand.Uint64()))
	}))
	t.Cleanup(c.Close)
	return c
}

// crashRig is a database, a target, a workflow that calls it, and a place where the door opens.
type crashRig struct {
	t      *testing.T
	url    string
	pool   *pgxpool.Pool
	target *crashTarget
	addr   string
	hook   string
	cli    *cli

	tries    atomic.Int64
	accepted sync.Map // number of a webhook -> run
	count    atomic.Int64
	calm     atomic.Bool // no crash comes any more
}

// twoCalls is a workflow of one call after another; %[1]s is the target.
const twoCalls = `{"apiVersion": "meshhook/v1", "name": "flow",
	"nodes": {
		"shape": {"type": "transform", "with": {"expr": "{n: trigger.body.n}"}},
		"one": {"type": "http_call", "with": {"method": "POST", "url": "%[1]s/one", "body": "{{ steps.shape }}"}, "retry": {"base": "50ms", "max_attempts": 8}},
		"two": {"type": "http_call", "with": {"method": "POST", "url": "%[1]s/two", "body": "{{ steps.one.body }}"}, "retry": {"base": "50ms", "max_attempts": 8}},
		"end": {"type": "terminate", "with": {"output": "{{ steps.two.body }}"}}},
	"edges": [{"from": "trigger", "to": "shape"}, {"from": "shape", "to": "one"}, {"from": "one", "to": "two"}, {"from": "two", "to": "end"}]}`

func newCrashRig(t *testing.T, url string) *crashRig {
	t.Helper()
	return newRig(t, url, newCrashTarget(t), twoCalls)
}

func newRig(t *testing.T, url string, target *crashTarget, workflow string) *crashRig {
	t.Helper()
	r := &crashRig{t: t, url: url, pool: dbtest.Open(t, url), target: target}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = listener.Addr().String() // the same after each restart
	listener.Close()
	r.cli = newCLI(t, "DATABASE_URL="+url, "MESHHOOK_ALLOW_PRIVATE=127.0.0.0/8", "MESHHOOK_LOG_LEVEL=WARN")
	execute(t, r.pool, "select meshhook.create_project('crash')")
	execute(t, r.pool, "select meshhook.publish('crash', 'flow', $1)", fmt.Sprintf(workflow, r.target.URL))
	var token string
	if err := r.pool.QueryRow(t.Context(), "select token from meshhook.create_endpoint('crash', 'flow')").Scan(&token); err != nil {
		t.Fatal(err)
	}
	r.hook = "http://" + r.addr + "/hooks/" + token
	return r
}

// serve starts the program and waits until the door answers.
func (r *crashRig) serve() *exec.Cmd {
	r.t.Helper()
	cmd := r.cli.command("serve", "--work", "--addr", r.addr)
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	r.t.Cleanup(func() {
		if r.t.Failed() {
			text := out.String()
			r.t.Logf("the last that the program said:\n%s", text[max(0, len(text)-3000):])
		}
	})
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	eventually(r.t, "the door answers", func() bool {
		response, err := http.Get("http://" + r.addr + "/healthz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return cmd
}

func crash(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed: that is its error
}

// send sends webhooks, each with a number of its own, until the crashes are over and so many were answered with 202.
func (r *crashRig) send(ctx context.Context, want int64) {
	for ctx.Err() == nil && !(r.calm.Load() && r.count.Load() >= want) {
		n := r.tries.Add(1)
		if status, run, _, err := r.post(r.hook, n); err == nil && status == http.StatusAccepted {
			r.accepted.Store(n, run)
			r.count.Add(1)
			continue
		}
		select { // the door is away for a moment
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// patientClient gives up on a door only when that is lost.
var patientClient = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// post sends the webhook with this number; took is how long the answer took.
func (r *crashRig) post(hook string, n int64) (status int, run string, took time.Duration, err error) {
	began := time.Now()
	body := fmt.Sprintf(`{"n": %d, "nap": "%dms"}`, n, 200+n%7*500)
	response, err := patientClient.Post(hook, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", time.Since(began), err
	}
	defer response.Body.Close()
	took = time.Since(began)
	var answer struct {
		Run string `json:"run_id"`
	}
	if err = json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return response.StatusCode, "", took, fmt.Errorf("read the answer: %w", err)
	}
	return response.StatusCode, answer.Run, took, nil
}

// leased are the open runs that some process works on, with the number of their last event.
func (r *crashRig) leased() map[string]int {
	r.t.Helper()
	rows, err := r.pool.Query(r.t.Context(), `select r.id::text, r.seq from meshhook.runs r
		where r.finished_at is null and exists (select from meshhook_river.river_job j
			where j.args ->> 'run_id' = r.id::text and j.state in ('scheduled', 'running') and j.attempted_by is not null)`)
	if err != nil {
		r.t.Fatal(err)
	}
	runs := map[string]int{}
	var id string
	var seq int
	if _, err := pgx.ForEachRow(rows, []any{&id, &seq}, func() error { runs[id] = seq; return nil }); err != nil {
		r.t.Fatal(err)
	}
	return runs
}

// recovery is how long it takes until each of the runs has moved on.
func (r *crashRig) recovery(since time.Time, runs map[string]int) time.Duration {
	r.t.Helper()
	ids, seqs := []string{}, []int{}
	for id, seq := range runs {
		ids, seqs = append(ids, id), append(seqs, seq)
	}
	eventually(r.t, "every run that was worked on goes on", func() bool {
		var still int
		err := r.pool.QueryRow(r.t.Context(), `select count(*) from unnest($1::uuid[], $2::int[]) k(id, seq)
			join meshhook.runs r on r.id = k.id where r.finished_at is null and r.seq = k.seq`, ids, seqs).Scan(&still)
		return err == nil && still == 0
	})
	return time.Since(since)
}

// settle waits until no run is open.
func (r *crashRig) settle() {
	r.t.Helper()
	eventually(r.t, "every run ends", func() bool {
		var open int
		err := r.pool.QueryRow(r.t.Context(), "select count(*) from meshhook.runs where finished_at is null").Scan(&open)
		return err == nil && open == 0
	})
}

// judge checks what must hold after any number of crashes.
func (r *crashRig) judge(kills int) {
	t := r.t
	t.Helper()
	ctx := t.Context()
	// Every answered webhook: one request, one run, and that has succeeded.
	answered := map[int64]string{}
	r.accepted.Range(func(n, run any) bool { answered[n.(int64)] = run.(string); return true })
	rows, err := r.pool.Query(ctx, `select (convert_from(q.body, 'UTF8')::jsonb -> 'n')::bigint, coalesce(array_agg(x.id::text || ' ' || x.status), '{}')
		from meshhook.requests q left join meshhook.runs x on x.request_id = q.id group by 1`)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int64][]string{}
	var n int64
	var runs []string
	if _, err := pgx.ForEachRow(rows, []any{&n, &runs}, func() error { found[n] = append([]string(nil), runs...); return nil }); err != nil {
		t.Fatal(err)
	}
	for n, run := range answered {
		if len(found[n]) != 1 || found[n][0] != run+" succeeded" {
			t.Errorf("webhook %d was answered with run %s, in the database is %q", n, run, found[n])
		}
	}
	for n, runs := range found {
		if len(runs) != 1 || !strings.HasSuffix(runs[0], " succeeded") {
			t.Errorf("webhook %d: runs %q", n, runs)
		}
	}
	// No call has two results, no attempt is recorded twice, nothing is left in the queue.
	for what, sql := range map[string]string{
		"calls with more than one result": `select count(*) from (select from meshhook.events where type in ('call.succeeded', 'call.failed') group by run_id, step having count(*) > 1) x`,
		"attempts recorded twice":         `select count(*) from (select from meshhook.events where type = 'call.attempted' group by run_id, step, attempt having count(*) > 1) x`,
		"rows left in the queue":          `select count(*) from meshhook_river.river_job where kind = 'run' and state not in ('completed', 'discarded', 'cancelled')`,
		"waits left":                      `select count(*) from meshhook.waits`,
		"runs that are not proven":        `select count(*) from meshhook.runs r where exists (select from meshhook.verify(r.id))`,
	} {
		var bad int
		if err := r.pool.QueryRow(ctx, sql).Scan(&bad); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if bad > 0 {
			t.Errorf("%d %s", bad, what)
		}
	}
	// The target saw each attempt once, but for those that a crash interrupted: those it may see again.
	rows, err = r.pool.Query(ctx, "select 'mh_' || run_id || '_' || step, count(*)::int from meshhook.events where type = 'call.attempted' group by 1")
	if err != nil {
		t.Fatal(err)
	}
	var key string
	var attempts, calls, repeated int
	recorded := map[string]int{}
	if _, err := pgx.ForEachRow(rows, []any{&key, &attempts}, func() error { recorded[key] = attempts; return nil }); err != nil {
		t.Fatal(err)
	}
	r.target.mu.Lock()
	defer r.target.mu.Unlock()
	for key, seen := range r.target.seen {
		calls += seen
		repeated += max(0, seen-recorded[key])
		if seen < recorded[key] || seen > recorded[key]+kills {
			t.Errorf("%s: the target saw %d calls, recorded are %d attempts, there were %d crashes", key, seen, recorded[key], kills)
		}
	}
	dbtest.Report(t, "%d webhooks answered, %d runs, %d calls at the target, %d of them repeated after %d crashes", len(answered), len(found), calls, repeated, kills)
}

// TestCrash kills the program again and again while webhooks come in. Nothing that was answered is lost, nothing is done
// twice but the calls that were under way.
func TestCrash(t *testing.T) {
	webhooks, kills := int64(150), 3
	if soaking() {
		webhooks, kills = 500, 10
	}
	r := newCrashRig(t, dbtest.URL(t))
	cmd := r.serve()
	defer func() { _ = cmd.Process.Kill() }()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() { r.send(ctx, webhooks) })
	}
	for k := range kills {
		at := r.count.Load() + 1 + rand.Int64N(webhooks/int64(kills))
		eventually(t, "webhooks come in", func() bool { return r.count.Load() >= at })
		crash(t, cmd)
		since := time.Now()
		leased := r.leased()
		cmd = r.serve()
		took := r.recovery(since, leased)
		note := ""
		if took > 5*time.Second {
			note = ": MORE THAN 5 s"
		}
		dbtest.Report(t, "crash %d: %d runs were being worked on, the last went on after %.1f s%s", k+1, len(leased), took.Seconds(), note)
	}
	r.calm.Store(true)
	senders.Wait()
	r.settle()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ends with %v", err)
	}
	r.judge(kills)
}
