//go:build unix

package api_test

import (
	"net"
	"sync"
	"testing"
)

// wall stands between the service and its database, and can swallow everything.
type wall struct {
	listener net.Listener
	mu       sync.Mutex
	shut     bool
	conns    []net.Conn
}

func newWall(t *testing.T, target string) *wall {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wall{listener: listener}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				in.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, in, out)
			w.mu.Unlock()
			go w.pass(in, out)
			go w.pass(out, in)
		}
	}()
	return w
}

func (w *wall) pass(to, from net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			to.Close()
			return
		}
		w.mu.Lock()
		shut := w.shut
		w.mu.Unlock()
		if shut {
			continue // swallowed: neither an answer nor an error
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (w *wall) close(shut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = shut
	if !shut { // what was swallowed is missing from the old connections
		for _, conn := range w.conns {
			conn.Close()
		}
		w.conns = nil
	}
}
