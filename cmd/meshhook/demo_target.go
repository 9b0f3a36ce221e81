package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// demoTarget plays the part of an ERP: it is not ready twice for each order that it has not seen, then takes it.
type demoTarget struct {
	URL    string
	Prefix netip.Prefix // the one address that workflows of this process may call beside the public internet

	listener net.Listener
	server   *http.Server
	mu       sync.Mutex
	tries    map[string]int
}

// failures is how often an order is refused at first.
const failures = 2

// demoAddresses are where the target listens, the first that this machine has. An address of its own means that the
// guard of outgoing calls opens for the target alone, not for whatever else listens on 127.0.0.1.
var demoAddresses = []string{"127.77.0.1", "127.0.0.1"}

// startDemoTarget listens where it did the last time when that is free, so that calls still open find it again.
func startDemoTarget(last string) (*demoTarget, error) {
	t := &demoTarget{tries: map[string]int{}}
	listener, err := listenAgain(last)
	for _, address := range demoAddresses {
		if listener != nil {
			break
		}
		listener, err = net.Listen("tcp", address+":0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen for the demo's target: %w", err)
	}
	t.listener = listener
	address := listener.Addr().(*net.TCPAddr).AddrPort()
	t.URL = "http://" + address.String()
	t.Prefix = netip.PrefixFrom(address.Addr(), address.Addr().BitLen())
	t.server = &http.Server{Handler: http.HandlerFunc(t.serve), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = t.server.Serve(listener) }() // ends by close, or with the process
	return t, nil
}

// listenAgain takes the address of a URL if it is one of ours and free; nil otherwise.
func listenAgain(last string) (net.Listener, error) {
	u, err := url.Parse(last)
	if err != nil || u.Port() == "" {
		return nil, err
	}
	for _, address := range demoAddresses {
		if u.Hostname() == address {
			return net.Listen("tcp", u.Host)
		}
	}
	return nil, nil
}

// close frees the address, also when nothing was served yet, and waits for answers under way.
func (t *demoTarget) close(ctx context.Context) error {
	err := t.server.Shutdown(ctx)
	if closeErr := t.listener.Close(); !errors.Is(closeErr, net.ErrClosed) {
		err = errors.Join(err, closeErr)
	}
	return err
}

func (t *demoTarget) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	t.mu.Lock()
	if len(t.tries) > 10_000 {
		clear(t.tries)
	}
	t.tries[r.URL.Path]++
	try := t.tries[r.URL.Path]
	t.mu.Unlock()

	answer := map[string]any{"try": try}
	status := http.StatusServiceUnavailable
	if try > failures {
		status = http.StatusOK
		answer["status"] = "booked"
		answer["received"] = json.RawMessage("null")
		if json.Valid(body) {
			answer["received"] = json.RawMessage(body)
		}
	} else {
		answer["error"] = "the ERP is not ready"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a caller that has gone needs no answer
}
