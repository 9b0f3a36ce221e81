package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const callingWorkflow = `{"apiVersion": "meshhook/v1", "name": "calling",
  "nodes": {"post": {"type": "http_call", "with": {"method": "POST", "url": "https://erp.example/orders/{{ trigger.body.id }}"},
                     "retry": {"max_attempts": 2, "base": "10s", "jitter": "none"}},
            "end":  {"type": "terminate", "with": {"output": "{{ steps.post.body }}"}}},
  "edges": [{"from": "trigger", "to": "post"}, {"from": "post", "to": "end"}]}`

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSimulateTellsWhatARunWouldDo(t *testing.T) {
	c, _ := newInstallation(t)
	file := writeFile(t, "calling.json", callingWorkflow)
	trigger := writeFile(t, "trigger.json", `{"body": {"id": 7}}`)

	got := c.must(0, "simulate", file, "--trigger", "@"+trigger, "--mocks", `{"post": [{"status": 503}, {"body": {"big": 9007199254740993}}]}`)
	for _, want := range []string{"POST https://erp.example/orders/7", "attempt 2 in 10000 ms", "succeeded in 10.00 s", "9007199254740993"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("nothing says %q:\n%s", want, got.out)
		}
	}
	failed := parse[struct {
		Status string `json:"status"`
		Error  struct {
			Code string `json:"code"`
		} `json:"error"`
		Events []event `json:"events"`
	}](t, c.must(1, "simulate", file, "--mocks", `{"*": {"error": {"class": "timeout"}}}`, "--trigger", `{"body": {"id": 7}}`, "--json").out)
	if failed.Status != "failed" || failed.Error.Code != "MH_CALL_TIMEOUT" || len(failed.Events) != 7 {
		t.Errorf("a call that times out twice: %+v", failed)
	}

	if got := c.must(1, "simulate", file, "--trigger", "@"+trigger); !strings.Contains(got.err, "MH_SIMULATE_NO_MOCK: step post") || !strings.Contains(got.err, "hint: ") {
		t.Errorf("a call without a mock: %s", got.err)
	}
	if got := c.must(2, "simulate", file, "--mocks", "{"); !strings.Contains(got.err, "--mocks is not JSON") {
		t.Errorf("mocks that are none: %s", got.err)
	}
	c.must(2, "simulate", filepath.Join(t.TempDir(), "gone.json"))
}

func TestValidateListsEveryProblem(t *testing.T) {
	c, _ := newInstallation(t)
	if got := c.must(0, "validate", writeFile(t, "good.json", callingWorkflow)); !strings.Contains(got.out, "it can be published") {
		t.Errorf("a good definition: %s", got.out)
	}
	bad := strings.Replace(strings.Replace(callingWorkflow, "https://", "ftp://", 1), `"to": "end"`, `"to": "endd"`, 1)
	got := c.must(1, "validate", writeFile(t, "bad.json", bad))
	for _, want := range []string{"MH_DEF_URL_SCHEME", "/nodes/post/with/url", "MH_DEF_EDGE_DANGLING"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("nothing says %q:\n%s", want, got.out)
		}
	}
	warned := parse[struct {
		Valid    bool      `json:"valid"`
		Problems []problem `json:"problems"`
	}](t, c.must(0, "validate", "--json", "--project", "shop",
		writeFile(t, "warned.json", strings.Replace(callingWorkflow, `"method"`, `"headers": {"X-Key": "{{ secrets.erp }}"}, "method"`, 1))).out)
	if !warned.Valid || len(warned.Problems) != 1 || warned.Problems[0].Code != "MH_DEF_SECRET_UNKNOWN" {
		t.Errorf("a secret that is not there yet: %+v", warned)
	}
	if got := c.must(2, "validate", writeFile(t, "text.json", "not: json")); !strings.Contains(got.err, "is not JSON") {
		t.Errorf("a file that is no JSON: %s", got.err)
	}
	c.must(2, "validate")
}
