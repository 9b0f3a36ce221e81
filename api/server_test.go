//go:build unix

package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/db/dbtest"
	"github.com/profullstack/meshhook/db/keyring"
)

func TestDoorAcceptsAndAnswersWithWhatIsCommitted(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, true)
	path := s.endpoint("flow", callNodes, pureEdges, anybody, `{}`)
	got := s.send("POST", path+"?a=1&b=2&b=3", `{"id": 9007199254740993}`, "Authorization", "Bearer abcdefghijklmnopqrstuvwxyz", "X-Odd", "\u00fc\xff")
	if got.status != 202 || got.field("run_id") == "" || got.field("request_id") == "" || !strings.HasPrefix(got.field("status_url"), s.url+"/r/") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if v := s.text("select verdict::text || ' ' || (query ->> 'a') || ' ' || (query ->> 'b') || ' ' || (headers ->> 'authorization') || ' ' || convert_from(body, 'UTF8') from meshhook.requests where id = $1", got.field("request_id")); v != `accepted 1 ["2", "3"] Bearer abcdef*** {"id": 9007199254740993}` {
		t.Errorf("stored %s", v)
	}
	link := strings.TrimPrefix(got.field("status_url"), s.url)
	waitFor(t, "the end of the run", func() bool { return s.send("GET", link, "").field("status") == "succeeded" })
	if end := s.send("GET", link, ""); !strings.Contains(end.body, "9007199254740993") || len(end.fields) != 2 {
		t.Errorf("the link shows %s", end.body)
	}
	if n := s.text("select count(*)::text from meshhook_river.river_job"); n != "0" {
		t.Errorf("%s queue rows are left", n)
	}
	s.send("GET", "/r/"+strings.Repeat("A", 48), "").expect(t, 404, "MH_LINK_INVALID")
	if c := s.calls.Load(); c != 1 {
		t.Errorf("%d calls", c)
	}
}

func TestDoorRefuses(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	path := s.endpoint("flow", pureNodes, pureEdges, anybody, `{"methods": ["POST", "PUT"]}`)
	small := s.endpoint("small", pureNodes, pureEdges, anybody, `{"max_body": 10}`)
	stored := func() string { return s.text("select count(*)::text from meshhook.requests") }

	for _, token := range []string{"/hooks/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/hooks/x", "/hooks/" + strings.Repeat("a", 1000), "/hooks/%00", "/hooks/..%2f"} {
		s.send("POST", token, "{}").expect(t, 404, "MH_ENDPOINT_UNKNOWN")
	}
	s.send("POST", "/nothing", "").expect(t, 404, "MH_ROUTE_UNKNOWN")
	s.send("DELETE", "/healthz", "").expect(t, 405, "MH_METHOD_NOT_ALLOWED")
	got := s.send("DELETE", path, "")
	got.expect(t, 405, "MH_METHOD_NOT_ALLOWED")
	if got.header.Get("Allow") != "POST, PUT" && got.header.Get("Allow") != "PUT, POST" {
		t.Errorf("Allow: %s", got.header.Get("Allow"))
	}
	two := strings.Repeat("x", 2<<20)
	s.send("POST", path, two).expect(t, 413, "MH_BODY_TOO_LARGE")
	s.sendReader("POST", path, io.MultiReader(strings.NewReader(two))).expect(t, 413, "MH_BODY_TOO_LARGE")
	s.send("POST", small, `"123456789"`).expect(t, 413, "MH_BODY_TOO_LARGE")
	if n := stored(); n != "0" {
		t.Errorf("%s requests were stored", n)
	}
	s.send("POST", small, `"12345678"`).expect(t, 202, "")
	s.send("PUT", path, `{"a": "`+strings.Repeat("x", 1<<20-10)+`"}`).expect(t, 202, "")
}

func TestDoorKeepsWhatItCanNotParse(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	path := s.endpoint("flow", pureNodes, pureEdges, anybody, `{}`)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"NUL in a string":     {`{"a": "\u0000"}`, 400},
		"broken UTF-8":        {"{\"a\": \"\xff\xfe\"}", 400},
		"not JSON":            {`{"a": `, 400},
		"nested 100 000 deep": {strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), 400},
		"huge exponent":       {`{"a": 1e1000000}`, 400},
		"a lone surrogate":    {`{"a": "\ud800"}`, 400},
		"a long number":       {`{"a": ` + strings.Repeat("9", 1000) + `}`, 202},
		"empty":               {``, 202},
	} {
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			got := s.send("POST", path, c.body)
			if got.status != c.status {
				t.Fatalf("%d %s, want %d", got.status, got.body, c.status)
			}
			if got.status == 400 && (!strings.HasPrefix(got.field("code"), "MH_") || got.field("detail") == "") {
				t.Errorf("%s", got.body)
			}
			var body []byte
			var verdict string
			must(t, s.pool.QueryRow(t.Context(), "select coalesce(body, ''), verdict::text from meshhook.requests where id = $1", got.field("request_id")).Scan(&body, &verdict))
			if string(body) != c.body || verdict != map[int]string{400: "invalid", 202: "accepted"}[c.status] {
				t.Errorf("kept %d bytes of %d as %s", len(body), len(c.body), verdict)
			}
		})
	}
}

func TestDoorOneBadRequestFailsNoNeighbour(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	path := s.endpoint("flow", pureNodes, pureEdges, anybody, `{}`)
	var wg sync.WaitGroup
	var wrong atomic.Int64
	for i := range 60 {
		wg.Go(func() {
			body, want := fmt.Sprintf(`{"n": %d}`, i), 202
			if i%3 == 0 {
				body, want = fmt.Sprintf(`{"n": %d, "bad": "\u0000"}`, i), 400
			}
			response, err := http.Post(s.url+path, "application/json", strings.NewReader(body))
			if err != nil {
				wrong.Add(1)
				return
			}
			defer response.Body.Close()
			if response.StatusCode != want {
				wrong.Add(1)
			}
		})
	}
	wg.Wait()
	if n := wrong.Load(); n != 0 {
		t.Errorf("%d answers were wrong", n)
	}
	if n := s.text("select count(distinct output -> 'got' -> 'n')::text from meshhook.runs where status = 'succeeded'"); n != "40" {
		t.Errorf("%s runs, want 40", n)
	}
}

func TestDoorPausedDisabledAndWithoutWorkflow(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	paused := s.endpoint("paused", pureNodes, pureEdges, anybody, `{}`)
	disabled := s.endpoint("disabled", pureNodes, pureEdges, anybody, `{}`)
	s.exec("update meshhook.endpoints set state = name where name in ('paused', 'disabled')")
	got := s.send("POST", paused, `{"n": 1}`)
	if got.status != 202 || got.field("verdict") != "queued" || got.field("run_id") != "" {
		t.Errorf("paused: %d %s", got.status, got.body)
	}
	if v := s.text("select verdict::text from meshhook.requests where id = $1", got.field("request_id")); v != "queued" {
		t.Errorf("stored as %s", v)
	}
	s.send("POST", disabled, `{}`).expect(t, 410, "MH_ENDPOINT_DISABLED")
}

func TestDoorVerifiesAndKeepsWhatItRejects(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	const recipe = `{"kind": "hmac", "header": "X-Signature", "prefix": "sha256="}`
	path := s.endpoint("flow", pureNodes, pureEdges, recipe, `{}`)
	bare := s.endpoint("bare", pureNodes, pureEdges, recipe, `{}`)
	id := func(name string) uuid.UUID {
		return uuid.MustParse(s.text("select id::text from meshhook.endpoints where name = $1", name))
	}
	const body = `{"n": 1}`
	sign := func(key string) string {
		m := hmac.New(sha256.New, []byte(key))
		m.Write([]byte(body))
		return "sha256=" + hex.EncodeToString(m.Sum(nil))
	}
	// An endpoint of its own for the wait: it is asked so often that only a sample of what it rejects is kept.
	s.send("POST", bare, body, "X-Signature", sign("one")).expect(t, 401, "MH_SECRET_NONE")
	for _, value := range []string{"one", "two"} {
		for _, name := range []string{"bare", "flow"} {
			_, _, err := s.ring.AddEndpointSecret(t.Context(), s.pool, keyring.EndpointSecret{Project: "p", Endpoint: id(name), Value: value})
			must(t, err)
		}
	}
	waitFor(t, "the secret taking effect", func() bool { return s.send("POST", bare, body, "X-Signature", sign("one")).status == 202 })
	s.send("POST", path, body, "X-Signature", sign("one")).expect(t, 202, "")
	s.send("POST", path, body, "X-Signature", sign("two")).expect(t, 202, "")
	got := s.send("POST", path, body, "X-Signature", sign("three"))
	got.expect(t, 401, "MH_SIGNATURE_MISMATCH")
	if v := s.text("select verdict::text || ' ' || cause || ' ' || (headers ->> 'x-signature') from meshhook.requests where id = $1", got.field("request_id")); !strings.HasPrefix(v, "rejected MH_SIGNATURE_MISMATCH sha256=") || !strings.HasSuffix(v, "***") || len(v) > 60 {
		t.Errorf("stored %s", v)
	}
	s.send("POST", path, body).expect(t, 401, "MH_SIGNATURE_MISSING")
	// Past a hundred a minute only a sample is stored; the answer stays the same.
	for range 150 {
		if got := s.send("POST", path, body, "X-Signature", sign("x")); got.status != 401 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	var n int
	must(t, s.pool.QueryRow(t.Context(), "select count(*) from meshhook.requests where verdict = 'rejected' and endpoint_id = $1", id("flow")).Scan(&n))
	if n < 100 || n > 130 {
		t.Errorf("%d rejected requests were stored", n)
	}
}

func TestDoorWaitsForTheRun(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, true)
	wait := `{"respond": {"mode": "wait", "timeout": "20s"}}`
	pure := s.endpoint("pure", pureNodes, pureEdges, anybody, wait)
	if got := s.send("POST", pure, `{"n": 1}`); got.status != 200 || strings.TrimSpace(got.body) != `{"got": {"n": 1}}` {
		t.Errorf("pure: %d %s", got.status, got.body)
	}
	call := s.endpoint("call", callNodes, pureEdges, anybody, wait)
	if got := s.send("POST", call, `{"n": 2}`); got.status != 200 || !strings.Contains(got.body, `"echo": {"n": 2}`) {
		t.Errorf("call: %d %s", got.status, got.body)
	}
	fails := s.endpoint("fails", `{"a": {"type": "terminate", "with": {"status": "failed", "reason": "no"}}}`, pureEdges, anybody, wait)
	s.send("POST", fails, `{}`).expect(t, 500, "MH_RUN_FAILED")
	slow := s.endpoint("slow", `{"a": {"type": "delay", "with": {"for": "1h"}}}`, pureEdges, anybody, `{"respond": {"mode": "wait", "timeout": "100ms"}}`)
	if got := s.send("POST", slow, `{}`); got.status != 202 || got.field("status_url") == "" {
		t.Errorf("slow: %d %s", got.status, got.body)
	}
	slower := s.endpoint("slower", `{"a": {"type": "delay", "with": {"for": "1h"}}}`, pureEdges, anybody, `{"respond": {"mode": "wait", "timeout": "60s"}}`)
	answered := make(chan reply, 1)
	go func() { answered <- s.send("POST", slower, `{}`) }()
	waitFor(t, "the run that waits", func() bool { return s.text("select count(*)::text from meshhook.runs where status = 'waiting'") == "2" })
	s.door.Drain()
	if got := <-answered; got.status != 202 || got.field("status_url") == "" {
		t.Errorf("stopping: %d %s", got.status, got.body)
	}
}

func TestDoorWithoutDatabaseAnswersWithinASecond(t *testing.T) {
	direct := dbtest.URL(t)
	config := dbtest.Open(t, direct).Config().ConnConfig
	w := newWall(t, net.JoinHostPort(config.Host, fmt.Sprint(config.Port)))
	address := fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", config.User, w.listener.Addr(), config.Database)
	s := open(t, direct, address, true)
	path := s.endpoint("flow", callNodes, pureEdges, anybody, `{}`)
	s.send("POST", path, `{}`).expect(t, 202, "")

	w.close(true)
	for range 3 {
		began := time.Now()
		got := s.send("POST", path, `{"during": true}`)
		got.expect(t, 503, "MH_DATABASE_AWAY")
		if got.header.Get("Retry-After") != "5" {
			t.Errorf("Retry-After: %s", got.header.Get("Retry-After"))
		}
		if took := time.Since(began); took > 2*time.Second { // twice what is promised: the machine may be busy
			t.Errorf("answered after %s", took)
		}
	}
	if got := s.send("GET", "/healthz", ""); got.status != 200 {
		t.Errorf("healthz: %d", got.status)
	}
	if got := s.send("GET", "/readyz", ""); got.status != 503 {
		t.Errorf("readyz: %d %s", got.status, got.body)
	}
	w.close(false)
	waitFor(t, "the service being itself again", func() bool {
		return s.send("POST", path, `{}`).status == 202 && s.send("GET", "/readyz", "").status == 200
	})
	waitFor(t, "the end of every run", func() bool {
		return s.text("select count(*)::text from meshhook.runs where status not in ('succeeded')") == "0"
	})
}
