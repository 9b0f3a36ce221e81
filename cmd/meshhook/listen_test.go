//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
)

// What comes in at an endpoint is shown and sent on, whatever its verdict; what came before is not.
func TestListenForwards(t *testing.T) {
	url := dbtest.URL(t)
	pool := dbtest.Open(t, url)
	execute(t, pool, "select meshhook.create_project('shop'), meshhook.publish('shop', 'pure', $1::text::jsonb)", pureWorkflow)
	execute(t, pool, "select meshhook.create_endpoint('shop', 'pure', '{\"kind\": \"none\"}', '{\"name\": \"hub\"}')")
	send := func(body string) {
		t.Helper()
		execute(t, pool, `select a.verdict from meshhook.endpoint_list e, meshhook_engine.accept(null, 0, array[jsonb_build_object('endpoint', e.id, 'method', 'PUT', 'path', '/x',
			'query', '{"a": ["1", "2"], "b": "c d"}'::jsonb, 'headers', '{"content-type": "application/json", "x-kept": "yes", "connection": "close"}'::jsonb)], array[convert_to($1, 'UTF8')]) a`, body)
	}
	send(`{"before": true}`)

	got := make(chan string, 100)
	local := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- fmt.Sprint(r.Method, " ", r.URL.String(), " ", r.Header.Get("X-Kept"), " ", r.Header.Get("X-MeshHook-Request") != "", " ", string(body))
		w.WriteHeader(http.StatusTeapot)
	}))
	defer local.Close()
	c := newCLI(t, "DATABASE_URL="+url)
	c.must(2, "listen", "hub", "--to", "nowhere")
	c.must(1, "listen", "nothing")
	cmd := c.command("listen", "hub", "--to", local.URL+"/hook?z=0")
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // it has ended, unless the test has failed
	eventually(t, "it listens", func() bool { return strings.Contains(out.String(), "listening") })
	send(`{"a": 1, "b": 2}`)
	send(`no json`)
	for _, want := range []string{`{"a": 1, "b": 2}`, `no json`} {
		if line := <-got; line != "PUT /hook?a=1&a=2&b=c+d&z=0 yes true "+want {
			t.Errorf("forwarded %s", line)
		}
	}
	eventually(t, "both are told", func() bool {
		told := out.String()
		return strings.Contains(told, "accepted") && strings.Contains(told, "invalid") && strings.Contains(told, "MH_BODY_JSON") && strings.Count(told, "answered 418") == 2
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v\n%s", err, out)
	}
	if len(got) > 0 {
		t.Errorf("forwarded besides: %s", <-got)
	}
}
