package worker

import (
	"context"
	"crypto/tls"
	"math"
	"net/http/httptrace"
	"sync"
	"time"
)

// watch takes the time of a call's phases. The transport may still dial when the call is over, hence the lock.
type watch struct {
	mu                      sync.Mutex
	begun                   time.Time
	dns, connect, tls       time.Duration
	dnsAt, connectAt, tlsAt time.Time
	firstByte               time.Duration
	reused                  bool
	now                     string
}

func newWatch() *watch { return &watch{begun: time.Now(), now: "preparing the request"} }

func (w *watch) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:  func(string) { w.enter("waiting for a connection") },
		DNSStart: func(httptrace.DNSStartInfo) { w.start(&w.dnsAt, "looking up the host") },
		DNSDone:  func(httptrace.DNSDoneInfo) { w.stop(&w.dnsAt, &w.dns) },
		// With several addresses the first start and the last end count.
		ConnectStart:         func(string, string) { w.start(&w.connectAt, "connecting") },
		ConnectDone:          func(string, string, error) { w.stop(&w.connectAt, &w.connect) },
		TLSHandshakeStart:    func() { w.start(&w.tlsAt, "securing the connection") },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { w.stop(&w.tlsAt, &w.tls) },
		GotConn:              w.gotConn,
		WroteRequest:         func(httptrace.WroteRequestInfo) { w.enter("waiting for the answer") },
		GotFirstResponseByte: w.gotFirstByte,
	})
}

func (w *watch) enter(phase string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = phase
}

func (w *watch) phase() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *watch) start(at *time.Time, phase string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at.IsZero() {
		*at = time.Now()
	}
	w.now = phase
}

func (w *watch) stop(at *time.Time, took *time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*took = time.Since(*at)
}

func (w *watch) gotConn(info httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reused = info.Reused
	w.now = "sending the request"
}

func (w *watch) gotFirstByte() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.firstByte = time.Since(w.begun)
	w.now = "reading the answer"
}

func (w *watch) timings() *Timings {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &Timings{
		DNS: milliseconds(w.dns), Connect: milliseconds(w.connect), TLS: milliseconds(w.tls),
		FirstByte: milliseconds(w.firstByte), Total: milliseconds(time.Since(w.begun)), Reused: w.reused,
	}
}

// milliseconds is a duration to the hundredth of a millisecond.
func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/1e4) / 100
}
