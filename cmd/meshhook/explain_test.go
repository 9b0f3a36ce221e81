//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
)

// A webhook is refused, explained, and enters when the secret is right: all by the command line, against a real service.
func TestExplainReevaluateReplay(t *testing.T) {
	url := dbtest.URL(t)
	pool := dbtest.Open(t, url)
	execute(t, pool, "select meshhook.create_project('shop'), meshhook.publish('shop', 'pure', $1::text::jsonb)", pureWorkflow)
	execute(t, pool, "select meshhook.create_endpoint('shop', 'pure', '{\"kind\": \"github\"}', '{\"name\": \"hub\"}')")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	c := newCLI(t, "DATABASE_URL="+url, "MESHHOOK_KEK="+strings.Repeat("A", 43)+"=", "MESHHOOK_BASE_URL=http://"+address, "MESHHOOK_SEND_SECRET=", "MESHHOOK_LOG_LEVEL=WARN")
	c.must(1, "explain", "latest")
	c.must(2, "explain", "nonsense")
	c.must(2, "replay", "nonsense")

	serve := c.command("serve", "--addr", address)
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Kill()
		_ = serve.Wait()
	})
	eventually(t, "the door is open", func() bool {
		response, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	refused := c.mustWith("one word", 1, "send", "shop/hub", "--secret-stdin", "--data", `{"a": 1, "b": 2}`)
	if !strings.Contains(refused.out, "401") || !strings.Contains(refused.out, "MH_SECRET_NONE") {
		t.Errorf("refused as %s", refused.out)
	}
	said := c.must(0, "explain", "latest").out
	for _, part := range []string{"rejected", "MH_SECRET_NONE", "has no live secret", "meshhook endpoint secret add hub", "github (hmac)"} {
		if !strings.Contains(said, part) {
			t.Errorf("nothing of %q in %s", part, said)
		}
	}
	rows := parse[[]map[string]any](t, c.must(0, "explain", "latest", "--json").out)
	if len(rows) != 1 || rows[0]["why"] != "secret_none" {
		t.Errorf("%v", rows)
	}
	c.mustWith("another word", 0, "endpoint", "secret", "add", "hub")
	if got := c.must(1, "reevaluate", "latest"); !strings.Contains(got.out, "still refused") {
		t.Errorf("with another word: %s %s", got.out, got.err)
	}
	c.mustWith("one word", 0, "endpoint", "secret", "add", "hub")
	var request string
	if err := pool.QueryRow(t.Context(), "select id::text from meshhook.request_log").Scan(&request); err != nil {
		t.Fatal(err)
	}
	got := parse[struct {
		Verdict string   `json:"verdict"`
		Runs    []string `json:"run_ids"`
	}](t, c.must(0, "reevaluate", request, "--json").out)
	if got.Verdict != "accepted" || len(got.Runs) != 1 {
		t.Errorf("with the word: %+v", got)
	}
	c.must(1, "reevaluate", request) // it is in already
	run := parse[map[string]string](t, c.must(0, "replay", request, "--json").out)["run_id"]
	var output json.RawMessage
	if err := pool.QueryRow(t.Context(), "select output from meshhook.run_list where id = $1", run).Scan(&output); err != nil || !strings.Contains(string(output), "3") || run == got.Runs[0] {
		t.Errorf("replayed as %s: %s %v", run, output, err)
	}
	// A secret by which nothing can be verified is added, with a warning.
	execute(t, pool, "select meshhook.create_endpoint('shop', 'pure', '{\"kind\": \"discord\"}', '{\"name\": \"chat\"}')")
	if got := c.mustWith("a password", 0, "endpoint", "secret", "add", "chat"); !strings.Contains(got.err, "can not verify by this secret") {
		t.Errorf("no warning: %s%s", got.out, got.err)
	}
	// Its own secret signs, and so does a word that is given for a URL.
	if sent := c.must(0, "send", "hub", "--data", `{"a": 1, "b": 2}`); !strings.Contains(sent.out, "202") {
		t.Errorf("sent: %s", sent.out)
	}
	var path string
	if err := pool.QueryRow(t.Context(), "select path from meshhook.endpoint_list").Scan(&path); err != nil {
		t.Fatal(err)
	}
	target := fmt.Sprintf("http://%s%s", address, path)
	if sent := c.mustWith("one word", 0, "send", target, "--secret-stdin"); !strings.Contains(sent.out, "202") {
		t.Errorf("sent to the URL: %s", sent.out)
	}
}

// mustWith is must with something on standard input.
func (c *cli) mustWith(in string, code int, args ...string) outcome {
	c.t.Helper()
	c.in = in
	defer func() { c.in = "" }()
	return c.must(code, args...)
}
