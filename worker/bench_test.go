package worker_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/profullstack/meshhook/worker"
)

func BenchmarkCall(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"ok": true}`)
	}))
	defer server.Close()
	raw := json.RawMessage(`[{"job": 1, "run": "01890a5d-ac96-774b-bcce-b302099a8057", "step": "post", "attempt": 1, "kind": "call", "project": 7, "timeout_ms": 5000,
		"request": {"method": "POST", "url": "` + server.URL + `/orders/1", "headers": {"X-A": "b"}, "body": {"id": "A1", "total": 250}}}]`)
	caller := worker.NewCaller(worker.CallerConfig{Version: "1", AllowPrivate: loopback})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			items, err := worker.ParseItems(raw)
			if err != nil {
				b.Fatal(err)
			}
			result := caller.Do(b.Context(), items[0])
			if result.Error != nil {
				b.Fatal(result.Error)
			}
			if _, err := json.Marshal(result); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCallBare(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"ok": true}`)
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			response, err := client.Post(server.URL, "application/json", nil)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	})
}
