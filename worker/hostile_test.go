package worker_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestCallAgainstTargetsThatWantTime calls targets that are never idle, or never still: each call ends by the time or the size
// that its node says, whatever the target does, and keeps no connection for another call.
func TestCallAgainstTargetsThatWantTime(t *testing.T) {
	drip := func(what string) func(net.Conn) {
		return func(conn net.Conn) {
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-pace.C:
				case <-t.Context().Done():
					return
				}
				if _, err := io.WriteString(conn, what); err != nil {
					return
				}
			}
		}
	}
	flood := func(what string) func(net.Conn) {
		return func(conn net.Conn) {
			for t.Context().Err() == nil {
				if _, err := io.WriteString(conn, strings.Repeat(what, 100)); err != nil {
					return
				}
			}
		}
	}
	halfClose := func(conn net.Conn) {
		_ = conn.(*net.TCPConn).CloseWrite()
		<-t.Context().Done()
	}
	head := "HTTP/1.1 200 OK\r\n"
	long := `{"method": "POST", "body": "` + strings.Repeat("x", 24<<20) + `"}`
	for _, c := range []struct {
		name, url, request string
		class, code        string
		status             int
	}{
		{"drips its head", wire(t, head, drip("X")), "", "timeout", "MH_CALL_TIMEOUT", 0},
		{"drips headers", wire(t, head, drip("X-A: b\r\n")), "", "timeout", "MH_CALL_TIMEOUT", 0},
		{"drips its body", wire(t, head+"\r\n", drip("x")), "", "timeout", "MH_CALL_TIMEOUT", 200},
		{"drips chunks", wire(t, head+"Transfer-Encoding: chunked\r\n\r\n", drip("1\r\nx\r\n")), "", "timeout", "MH_CALL_TIMEOUT", 200},
		{"drips gzip", wire(t, head+"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", drip("\x00\x00\x00\xff\xff")), "", "timeout", "MH_CALL_TIMEOUT", 200},
		{"says 100 Continue and no more", wire(t, "HTTP/1.1 100 Continue\r\n\r\n", hang(t)), "", "timeout", "MH_CALL_TIMEOUT", 0},
		{"says 100 Continue without end", wire(t, "", flood("HTTP/1.1 100 Continue\r\n\r\n")), "", "too_large", "MH_CALL_HEADERS_TOO_LARGE", 0},
		{"gives early hints without end", wire(t, "", flood("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")), "", "too_large", "MH_CALL_HEADERS_TOO_LARGE", 0},
		{"sends headers without end", wire(t, head, flood("X-A: b\r\n")), "", "too_large", "MH_CALL_HEADERS_TOO_LARGE", 0},
		{"sends chunk headers without end", wire(t, head+"Transfer-Encoding: chunked\r\n\r\n", flood("0")), "", "body", "MH_CALL_BODY_CHUNKS", 200},
		{"half-closes before an answer", wire(t, "", halfClose), "", "network", "MH_CALL_CLOSED", 0},
		{"half-closes in its body", wire(t, head+"Content-Length: 10\r\n\r\nabc", halfClose), "", "body", "MH_CALL_BODY_CUT", 200},
		{"does not read what it is sent", wire(t, "", hang(t)), long, "timeout", "MH_CALL_TIMEOUT", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			result := newCaller(t, nil).Do(t.Context(), item(t, c.url, c.request, `{"timeout_ms": 400}`))
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			status := 0
			if result.Response != nil {
				status = result.Response.Status
			}
			if result.Error == nil || result.Error.Class != c.class || result.Error.Code != c.code || status != c.status {
				t.Errorf("got %+v with status %d, want %s %s with %d", result.Error, status, c.class, c.code, c.status)
			}
		})
	}
	t.Run("switches protocols", func(t *testing.T) {
		result := newCaller(t, nil).Do(t.Context(), item(t, wire(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello", nil), "", `{"timeout_ms": 400}`))
		if result.Error == nil && (result.Response == nil || result.Response.Status != 101) {
			t.Errorf("%+v", result)
		}
	})
	t.Run("answers before it has read", func(t *testing.T) {
		result := newCaller(t, nil).Do(t.Context(), item(t, wire(t, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", hang(t)), long, `{"timeout_ms": 5000}`))
		if result.Error != nil || result.Response.Status != 413 {
			t.Errorf("%+v %+v", result.Error, result.Response)
		}
	})
}
