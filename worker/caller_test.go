package worker_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/profullstack/meshhook/db/keyring"
	"github.com/profullstack/meshhook/worker"
)

func newCaller(t *testing.T, secrets map[string]string) *worker.Caller {
	t.Helper()
	return worker.NewCaller(worker.CallerConfig{
		Version: "1.2.3", AllowPrivate: loopback,
		Secret: func(_ context.Context, project int32, name string) (string, error) {
			if value, ok := secrets[name]; ok && project == 7 {
				return value, nil
			}
			return "", keyring.ErrUnknown
		},
	})
}

// item makes a work item as SQL would hand it out; fields are merged over the defaults.
func item(t *testing.T, address string, request, more string) *worker.Item {
	t.Helper()
	fields := map[string]json.RawMessage{}
	for _, text := range []string{
		`{"job": 1, "run": "01890a5d-ac96-774b-bcce-b302099a8057", "step": "post", "attempt": 1, "kind": "call", "project": 7, "timeout_ms": 5000,
		  "idempotency_key": "mh_01890a5d-ac96-774b-bcce-b302099a8057_post"}`, more,
	} {
		if text != "" {
			if err := json.Unmarshal([]byte(text), &fields); err != nil {
				t.Fatal(err)
			}
		}
	}
	parts := map[string]json.RawMessage{}
	if request != "" {
		if err := json.Unmarshal([]byte(request), &parts); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := parts["url"]; !ok {
		parts["url"], _ = json.Marshal(address)
	}
	fields["request"] = plain(t, parts)
	var out worker.Item
	if err := json.Unmarshal(plain(t, fields), &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

// plain is JSON as PostgreSQL writes it: without escapes for HTML.
func plain(t *testing.T, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wire answers every connection with the same bytes, then does as after says.
func wire(t *testing.T, answer string, after func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
					return
				}
				_, _ = io.WriteString(conn, answer)
				if after != nil {
					after(conn)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String() + "/"
}

func reset(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }

func hang(t *testing.T) func(net.Conn) {
	return func(net.Conn) { <-t.Context().Done() }
}

func gzipped(content []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(content)
	_ = w.Close()
	return out.Bytes()
}
