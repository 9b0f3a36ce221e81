//go:build unix

package main

import (
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/profullstack/meshhook/db/dbtest"
)

// member is one process of a fleet: a door and a worker.
type member struct {
	cmd  *exec.Cmd
	id   int    // how queue rows name it
	addr string // of its door
	out  *output
}

// everything is a workflow that has all that can be under way: calls one after another and side by side, retries, naps that
// a process sits out and naps that nobody holds. %[1]s is the target.
const everything = `{"apiVersion": "meshhook/v1", "name": "flow",
	"nodes": {
		"shape": {"type": "transform", "with": {"expr": "{n: trigger.body.n}"}},
		"one": {"type": "http_call", "with": {"method": "POST", "url": "%[1]s/one", "body": "{{ steps.shape }}"}, "retry": {"base": "300ms", "max_attempts": 8}},
		"nap": {"type": "delay", "with": {"for": "{{ trigger.body.nap }}"}},
		"left": {"type": "http_call", "with": {"method": "POST", "url": "%[1]s/left", "body": "{{ steps.one.body }}"}, "retry": {"base": "100ms", "max_attempts": 8}},
		"right": {"type": "http_call", "with": {"method": "POST", "url": "%[1]s/right", "body": "{{ steps.one.body }}"}, "retry": {"base": "2500ms", "jitter": "none", "max_attempts": 8}},
		"last": {"type": "http_call", "with": {"method": "POST", "url": "%[1]s/last", "body": "{{ steps }}"}, "retry": {"base": "50ms", "max_attempts": 8}},
		"end": {"type": "terminate", "with": {"output": "{{ steps.last.body }}"}}},
	"edges": [{"from": "trigger", "to": "shape"}, {"from": "shape", "to": "one"}, {"from": "one", "to": "nap"}, {"from": "nap", "to": "left"},
		{"from": "nap", "to": "right"}, {"from": "left", "to": "last"}, {"from": "right", "to": "last"}, {"from": "last", "to": "end"}]}`

func newFleetRig(t *testing.T, url string) *crashRig {
	t.Helper()
	return newRig(t, url, slowTarget(t), everything)
}

// slowTarget answers after a quarter of a second, and refuses the first attempt of one key in six: always the same ones.
func slowTarget(t *testing.T) *crashTarget {
	t.Helper()
	c := &crashTarget{seen: map[string]int{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		key := r.Header.Get("Idempotency-Key")
		c.mu.Lock()
		c.seen[key]++
		first := c.seen[key] == 1
		c.mu.Unlock()
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(key))
		select {
		case <-time.After(150*time.Millisecond + time.Duration(hash.Sum32()%200)*time.Millisecond):
		case <-r.Context().Done():
		}
		if first && hash.Sum32()%6 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"key": %q}`, key)
	}))
	t.Cleanup(c.Close)
	return c
}

// join starts one more process on the given address of the database and waits until its door answers. It is killed after
// the test.
func (r *crashRig) join(url string, env ...string) *member {
	r.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	m := &member{addr: listener.Addr().String(), out: &output{}}
	listener.Close()
	m.cmd = r.cli.command("serve", "--work", "--addr", m.addr)
	m.cmd.Env = append(append(append([]string{}, m.cmd.Env...), env...), "DATABASE_URL="+url)
	m.cmd.Stdout, m.cmd.Stderr = m.out, m.out
	if err := m.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait() // most have been waited for
		if r.t.Failed() {
			text := m.out.String()
			r.t.Logf("the last that process %d said:\n%s", m.id, text[max(0, len(text)-3000):])
		}
	})
	eventually(r.t, "the door answers", func() bool {
		response, err := http.Get("http://" + m.addr + "/healthz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	if err := r.pool.QueryRow(r.t.Context(), "select max(id) from meshhook.processes").Scan(&m.id); err != nil {
		r.t.Fatal(err)
	}
	return m
}

// hookOf is the webhook's address at this member's door.
func (r *crashRig) hookOf(m *member) string {
	return "http://" + m.addr + r.hook[strings.Index(r.hook, "/hooks/"):]
}

// burst sends webhooks, spread over the doors, until n more have been answered with 202. A door that is short of time says
// 503, and the sender sends another.
func (r *crashRig) burst(n int, doors ...*member) {
	r.t.Helper()
	var senders sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for k := range 16 {
		hook := r.hookOf(doors[k%len(doors)])
		senders.Go(func() {
			for left.Add(-1) >= 0 {
				n := r.tries.Add(1)
				status, run, _, err := r.post(hook, n)
				switch {
				case err == nil && status == http.StatusAccepted:
					r.accepted.Store(n, run)
					r.count.Add(1)
				case err == nil && status == http.StatusServiceUnavailable:
					left.Add(1)
				default:
					r.t.Errorf("webhook %d: status %d, %v", n, status, err)
				}
			}
		})
	}
	senders.Wait()
}

// leasedTo tells how many queue rows a process works under: leased without a claim, and claimed from the queue.
func (r *crashRig) leasedTo(process int) (leased, claimed int) {
	r.t.Helper()
	if err := r.pool.QueryRow(r.t.Context(), `select count(*) filter (where j.state = 'scheduled'), count(*) filter (where j.state = 'running')
		from meshhook_river.river_job j where j.attempted_by[cardinality(j.attempted_by)] = $1::int::text`, process).Scan(&leased, &claimed); err != nil {
		r.t.Fatal(err)
	}
	return leased, claimed
}

// idle tells that nothing is leased to the process.
func (r *crashRig) idle(process int) bool {
	leased, claimed := r.leasedTo(process)
	return leased+claimed == 0
}

// moved waits until nothing is leased to the process any more, and tells how long that took.
func (r *crashRig) moved(process int, since time.Time) string {
	r.t.Helper()
	eventually(r.t, "the work has moved to others", func() bool { return r.idle(process) })
	took, note := time.Since(since), ""
	if took > 5*time.Second {
		note = " (MORE THAN 5 s)"
	}
	return fmt.Sprintf("%.1f s%s", took.Seconds(), note)
}

// leave ends a process in good order.
func (m *member) leave(t *testing.T) {
	t.Helper()
	if err := m.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := m.cmd.Wait(); err != nil {
		t.Errorf("process %d ends with %v", m.id, err)
	}
}

// TestFleetLosesAProcess kills one process of three while hundreds of runs are open: its work moves to the others, nothing
// is lost, nothing is recorded twice.
func TestFleetLosesAProcess(t *testing.T) {
	kills := 1
	if soaking() {
		kills = 5
	}
	r := newFleetRig(t, dbtest.URL(t))
	fleet := []*member{r.join(r.url), r.join(r.url), r.join(r.url)}
	for k := range kills {
		r.burst(300, fleet...)
		victim := fleet[0]
		eventually(t, "the process works, also on what it claimed from the queue", func() bool {
			leased, claimed := r.leasedTo(victim.id)
			return leased+claimed >= 20 && claimed >= 5
		})
		crash(t, victim.cmd)
		since := time.Now()
		leased, claimed := r.leasedTo(victim.id)
		open := 0
		if err := r.pool.QueryRow(t.Context(), "select count(*) from meshhook.runs where finished_at is null").Scan(&open); err != nil {
			t.Fatal(err)
		}
		took := r.moved(victim.id, since)
		dbtest.Report(t, "kill %d: %d runs were open; %d leases and %d claims of the dead process moved to the others within %s", k+1, open, leased, claimed, took)
		fleet = append(fleet[1:], r.join(r.url))
	}
	r.settle()
	for _, m := range fleet {
		m.leave(t)
	}
	r.judge(kills)
}

// TestFleetThawsAProcess holds one process of three still, long enough for the others to take its work over, and lets it go
// on: what it brings late is dropped, and it works again as if nothing had happened.
func TestFleetThawsAProcess(t *testing.T) {
	r := newFleetRig(t, dbtest.URL(t))
	fleet := []*member{r.join(r.url, "MESHHOOK_LOG_LEVEL=INFO"), r.join(r.url), r.join(r.url)}
	r.burst(300, fleet...)
	frozen := fleet[0]
	eventually(t, "the process works, also on what it claimed from the queue", func() bool {
		leased, claimed := r.leasedTo(frozen.id)
		return leased+claimed >= 20 && claimed >= 5
	})
	if err := frozen.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	leased, claimed := r.leasedTo(frozen.id)
	if !soaking() {
		// Half a minute passes for the frozen process alone. The others' leases are what they were.
		execute(t, r.pool, "update meshhook.processes set seen_at = seen_at - interval '30 seconds' where id = $1", frozen.id)
		execute(t, r.pool, `update meshhook_river.river_job set scheduled_at = scheduled_at - interval '30 seconds'
			where state = 'scheduled' and attempted_by[cardinality(attempted_by)] = $1::int::text`, frozen.id)
	}
	eventually(t, "its work has moved to the others", func() bool { return r.idle(frozen.id) })
	dbtest.Report(t, "%d leases and %d claims of a frozen process had moved to the others after %.1f s", leased, claimed, time.Since(since).Seconds())
	r.settle()
	if rest := time.Minute - time.Since(since); soaking() && rest > 0 {
		<-time.After(rest)
	}
	if err := frozen.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	r.burst(50, frozen)
	r.settle()
	for _, m := range fleet {
		m.leave(t)
	}
	late := regexp.MustCompile(`msg="process stopped".* stale=(\d+)`).FindStringSubmatch(frozen.out.String())
	if late == nil || late[1] == "0" {
		t.Errorf("the thawed process counted no late result: %q", late)
	} else {
		dbtest.Report(t, "the thawed process brought %s results that were dropped as stale", late[1])
	}
	r.judge(1)
}
