//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/profullstack/meshhook/db/dbtest"
)

// A wire is the network between a process and its database. It can be slow, deaf, broken; and it can forget the
// connections there are without a word to either side, as a router does that restarts.
type wire struct {
	t        *testing.T
	url      string // of the database at this end of the wire
	upstream string
	server   *toxiproxy.ApiServer
	front    net.Listener

	mu      sync.Mutex
	current *toxiproxy.Proxy // new connections go through this one
}

func newWire(t *testing.T, database string) *wire {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, upstream: u.Host, server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
	if w.front, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.front.Close() })
	u.Host = w.front.Addr().String()
	w.url = u.String()
	w.replace()
	go w.connect()
	return w
}

// replace lets new connections go another way.
func (w *wire) replace() {
	w.t.Helper()
	p := toxiproxy.NewProxy(w.server, "database", "127.0.0.1:0", w.upstream)
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(p.Stop)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = p
}

func (w *wire) connect() {
	for {
		near, err := w.front.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		p := w.current
		w.mu.Unlock()
		go w.carry(near.(*net.TCPConn), p)
	}
}

// carry carries one connection until it ends at either side. When the wire has forgotten it neither side hears of that:
// what one closes stays open at the other.
func (w *wire) carry(near *net.TCPConn, p *toxiproxy.Proxy) {
	defer near.Close()
	far, err := net.Dial("tcp", p.Listen)
	if err != nil {
		_ = near.SetLinger(0) // as if nobody listened
		return
	}
	defer far.Close()
	ended := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(far, near); ended <- struct{}{} }()
	go func() { _, _ = io.Copy(near, far); ended <- struct{}{} }()
	<-ended
	w.mu.Lock()
	forgotten := w.current != p
	w.mu.Unlock()
	if forgotten {
		<-w.t.Context().Done()
	}
}

// poison makes the wire behave badly, in one direction or both; cure ends it.
func (w *wire) poison(kind, attributes string, streams ...string) (cure func()) {
	w.t.Helper()
	p := w.current
	for _, stream := range streams {
		toxic := fmt.Sprintf(`{"name": %q, "type": %q, "stream": %q, "attributes": {%s}}`, kind+stream, kind, stream, attributes)
		if _, err := p.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			w.t.Fatal(err)
		}
	}
	return func() {
		for _, stream := range streams {
			if err := p.Toxics.RemoveToxic(context.Background(), kind+stream); err != nil {
				w.t.Error(err)
			}
		}
	}
}

// wireFaults are what a wire can do to a process, for a while; each answers how it is ended.
var wireFaults = []struct {
	name   string
	always bool // also in the short form
	begin  func(w *wire) (end func())
}{
	{"slow, 200 ms each way", false, func(w *wire) func() {
		return w.poison("latency", `"latency": 200, "jitter": 100`, "upstream", "downstream")
	}},
	{"resets every connection", false, func(w *wire) func() { return w.poison("reset_peer", `"timeout": 0`, "upstream", "downstream") }},
	{"a black hole", false, func(w *wire) func() { return w.poison("timeout", `"timeout": 0`, "upstream", "downstream") }},
	{"a black hole for answers", true, func(w *wire) func() { return w.poison("timeout", `"timeout": 0`, "downstream") }},
	{"cuts answers half-way", true, func(w *wire) func() { return w.poison("limit_data", `"bytes": 900`, "downstream") }},
	{"cuts requests half-way", false, func(w *wire) func() { return w.poison("limit_data", `"bytes": 1500`, "upstream") }},
	{"down", true, func(w *wire) func() {
		w.current.Stop()
		return func() {
			if err := w.current.Start(); err != nil {
				w.t.Error(err)
			}
		}
	}},
	{"forgets all connections", true, func(w *wire) func() {
		w.poison("timeout", `"timeout": 0`, "upstream", "downstream")
		w.replace()
		return func() {}
	}},
}

// sender posts webhooks at a steady pace and keeps count of the answers.
type sender struct {
	accepted, refused atomic.Int64
	slowest           atomic.Int64 // of the answers, in nanoseconds
}

func (s *sender) run(ctx context.Context, r *crashRig, hook string) {
	pace := time.NewTicker(40 * time.Millisecond)
	defer pace.Stop()
	var senders sync.WaitGroup
	defer senders.Wait()
	for {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
		senders.Go(func() { // whoever waits for an answer keeps nobody from asking
			n := r.tries.Add(1)
			status, run, took, err := r.post(hook, n)
			for {
				slowest := s.slowest.Load()
				if int64(took) <= slowest || s.slowest.CompareAndSwap(slowest, int64(took)) {
					break
				}
			}
			switch {
			case err != nil:
				r.t.Errorf("webhook %d: no answer after %.1f s: %v", n, took.Seconds(), err)
			case status == http.StatusAccepted:
				r.accepted.Store(n, run)
				s.accepted.Add(1)
			case status == http.StatusServiceUnavailable:
				s.refused.Add(1)
			default:
				r.t.Errorf("webhook %d: status %d", n, status)
			}
		})
	}
}

// TestNetworkFaults lets the network between a process and its database fail in every way there is, while webhooks come
// in. The door answers 202 or 503, what it answered with 202 is not lost, and the process finds back by itself.
func TestNetworkFaults(t *testing.T) {
	lasting, target, workflow := 2*time.Second, newCrashTarget(t), twoCalls
	if soaking() {
		lasting, target, workflow = 20*time.Second, slowTarget(t), everything
	}
	database := dbtest.URL(t)
	r := newRig(t, database, target, workflow)
	w := newWire(t, database)
	m := r.join(w.url)
	hook := r.hookOf(m)
	faults := 0
	for _, fault := range wireFaults {
		if !fault.always && !soaking() {
			continue
		}
		faults++
		var load sender
		ctx, stop := context.WithCancel(t.Context())
		var sending sync.WaitGroup
		sending.Go(func() { load.run(ctx, r, hook) })
		eventually(t, "webhooks come in", func() bool { return load.accepted.Load() >= 10 })
		end := fault.begin(w)
		<-time.After(lasting)
		during, refused := load.accepted.Load(), load.refused.Load()
		end()
		since := time.Now()
		eventually(t, "webhooks come in again", func() bool { return load.accepted.Load() > during })
		answered := time.Since(since)
		stop()
		sending.Wait()
		r.settle()
		dbtest.Report(t, "%s: %d webhooks accepted and %d refused in %.0f s, the slowest answer took %.2f s; then the next was accepted after %.1f s and all runs had ended after %.1f s",
			fault.name, during, refused, lasting.Seconds(), time.Duration(load.slowest.Load()).Seconds(), answered.Seconds(), time.Since(since).Seconds())
	}
	m.leave(t)
	r.judge(faults)
}
