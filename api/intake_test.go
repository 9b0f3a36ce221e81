//go:build unix

package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/profullstack/meshhook/db/dbtest"
)

// insist sends until the answer is something else than that the database has no time, as senders do; again counts how often.
// What was answered so may have been committed all the same.
func insist(t *testing.T, client *http.Client, again *atomic.Int64, address, body, name, value string) (*http.Response, error) {
	for {
		request, err := http.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set(name, value)
		response, err := client.Do(request)
		if err != nil || response.StatusCode != http.StatusServiceUnavailable {
			return response, err
		}
		response.Body.Close()
		again.Add(1)
	}
}

func TestThousandIdenticalDeliveriesAreOneRun(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	path := s.endpoint("flow", pureNodes, pureEdges, anybody, `{"dedupe": {"key": "trigger.headers.\"x-delivery\""}}`)
	const senders = 1000
	answers := make([]string, senders)
	verdicts := make([]bool, senders)
	start := make(chan struct{})
	var again atomic.Int64
	var sent sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 200}}
	defer client.CloseIdleConnections()
	for i := range senders {
		sent.Go(func() {
			<-start
			response, err := insist(t, client, &again, s.url+path, `{"n": 1}`, "X-Delivery", "one")
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			var got struct {
				Run       string `json:"run_id"`
				Duplicate bool   `json:"duplicate"`
			}
			if err := json.NewDecoder(response.Body).Decode(&got); err != nil || response.StatusCode != http.StatusAccepted {
				t.Errorf("status %d, %v", response.StatusCode, err)
			}
			answers[i], verdicts[i] = got.Run, got.Duplicate
		})
	}
	close(start)
	sent.Wait()
	firsts := 0
	for i, run := range answers {
		if run == "" || run != answers[0] {
			t.Fatalf("sender %d was told run %q, sender 0 %q", i, run, answers[0])
		}
		if !verdicts[i] {
			firsts++
		}
	}
	if firsts > 1 || firsts == 0 && again.Load() == 0 {
		t.Errorf("%d senders were told to be the first", firsts)
	}
	if got := s.text("select count(*) || ' run, ' || (select count(*) from meshhook.requests where verdict = 'accepted') || ' accepted' from meshhook.runs"); got != "1 run, 1 accepted" {
		t.Errorf("got %s", got)
	}
	var duplicates, counted int64
	fmt.Sscan(s.text("select (select count(*) from meshhook.requests where verdict = 'duplicate') || ' ' || (select duplicates from meshhook.deliveries)"), &duplicates, &counted)
	if duplicates != counted || duplicates < senders-1 || duplicates > senders-1+again.Load() {
		t.Errorf("%d duplicates, %d counted, of %d requests sent again %d times", duplicates, counted, senders, again.Load())
	}
}

func TestDoorAsksNetworkAndRate(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	path := s.endpoint("flow", pureNodes, pureEdges, anybody, `{"cidrs": ["10.0.0.0/8", "2001:db8::/32"]}`)
	s.calm("POST", path, `{}`).expect(t, 403, "MH_ADDRESS_REFUSED")
	if got := s.text("select verdict || ' ' || cause || ' ' || coalesce(octet_length(body), 0) from meshhook.requests"); got != "rejected MH_ADDRESS_REFUSED 0" {
		t.Errorf("kept as %q", got)
	}
	near := s.endpoint("near", pureNodes, pureEdges, anybody, `{"cidrs": ["10.0.0.0/8", "127.0.0.0/8"]}`)
	s.calm("POST", near, `{}`).expect(t, 202, "")

	rated := s.endpoint("rated", pureNodes, pureEdges, anybody, `{"rate": {"amount": 1, "per": "1h", "burst": 2}}`)
	first := s.calm("POST", rated, `{}`)
	if first.status != 202 || first.header.Get("X-RateLimit-Limit") != "2" || first.header.Get("X-RateLimit-Remaining") != "1" || first.header.Get("X-RateLimit-Reset") == "" {
		t.Errorf("%d, headers %v", first.status, first.header)
	}
	s.calm("POST", rated, `{}`).expect(t, 202, "")
	third := s.calm("POST", rated, `{}`)
	third.expect(t, 429, "MH_RATE_LIMITED")
	if third.header.Get("Retry-After") == "" || third.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("headers %v", third.header)
	}
	s.exec("select meshhook.set_endpoint(id, '{\"rate\": null}') from meshhook.endpoint_list where name = 'rated'")
	waitFor(t, "the end of the rate", func() bool { return s.send("POST", rated, `{}`).status == 202 })
}

func TestDoorByAliasAndSchema(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	s.endpoint("flow", pureNodes, pureEdges, anybody, `{"alias": "orders"}`)
	s.calm("POST", "/hooks/p/orders", `{}`).expect(t, 202, "")
	for _, path := range []string{"/hooks/p/other", "/hooks/q/orders", "/hooks/p/", "/hooks/p/Orders", "/hooks/p/..%2forders", "/hooks/p/orders/more"} {
		if got := s.send("POST", path, `{}`); got.status != 404 {
			t.Errorf("%s answers %d", path, got.status)
		}
	}
	s.exec("select meshhook.publish('p', 'flow', jsonb_set(v.definition, '{input}', '{\"schema\": {\"type\": \"object\", \"required\": [\"id\"], \"properties\": {\"id\": {\"type\": \"integer\"}}}}')) from meshhook.workflow_versions v where v.version = 1")
	got := s.calm("POST", "/hooks/p/orders", `{"id": "x"}`)
	got.expect(t, 422, "MH_INPUT_SCHEMA")
	if places, _ := json.Marshal(got.fields["errors"]); string(places) != `[{"message":"expected integer, got string","pointer":"/id"}]` {
		t.Errorf("errors %s", places)
	}
	s.calm("POST", "/hooks/p/orders", `{"id": 1}`).expect(t, 202, "")
}

func TestDoorTakesInWhatWasQueued(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, true)
	path := s.endpoint("flow", callNodes, pureEdges, anybody, `{}`)
	s.exec("select meshhook.pause_endpoint(id) from meshhook.endpoint_list")
	for range 20 {
		if got := s.calm("POST", path, `{"n": 1}`); got.status != 202 || got.field("verdict") != "queued" {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	if got := s.text("select count(*)::text from meshhook.runs"); got != "0" {
		t.Errorf("%s runs while paused", got)
	}
	s.exec("select meshhook.resume_endpoint(id) from meshhook.endpoint_list")
	waitFor(t, "twenty runs", func() bool {
		return s.text("select count(*) filter (where status = 'succeeded')::text from meshhook.runs") == "20"
	})
	if got := s.text("select string_agg(distinct verdict::text, ' ') from meshhook.requests"); got != "accepted" || s.calls.Load() != 20 {
		t.Errorf("requests are %s, %d calls", got, s.calls.Load())
	}
}

// TestDoorCountsAFlood sends bad signatures in a row, with good requests in between: what is kept of the bad ones is bounded,
// what is counted is exact, and no good one suffers. The short form sends two thousand, MESHHOOK_SOAK fifty thousand.
func TestDoorCountsAFlood(t *testing.T) {
	url := dbtest.URL(t)
	s := open(t, url, url, false)
	bad := 2_000
	if os.Getenv("MESHHOOK_SOAK") != "" {
		bad = 50_000
	}
	path := s.endpoint("flow", pureNodes, pureEdges, `{"kind": "hmac", "header": "X-Signature"}`, `{}`)
	good := s.endpoint("good", pureNodes, pureEdges, anybody, `{}`)
	work := make(chan int)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	defer client.CloseIdleConnections()
	var sent sync.WaitGroup
	var refused, accepted, again atomic.Int64
	for range 16 {
		sent.Go(func() {
			for i := range work {
				to := path
				if i%50 == 0 {
					to = good
				}
				response, err := insist(t, client, &again, s.url+to, "{}", "X-Signature", strings.Repeat("ab", 32))
				if err != nil {
					t.Error(err)
					continue
				}
				response.Body.Close()
				switch {
				case to == good && response.StatusCode == http.StatusAccepted:
					accepted.Add(1)
				case to == path && response.StatusCode == http.StatusUnauthorized:
					refused.Add(1)
				default:
					t.Errorf("%s answers %d", to, response.StatusCode)
				}
			}
		})
	}
	for i := range bad {
		work <- i
	}
	close(work)
	sent.Wait()
	var stored int64
	fmt.Sscan(s.text("select count(*)::text from meshhook.requests where verdict = 'accepted'"), &stored)
	if accepted.Load() == 0 || stored < accepted.Load() || stored > accepted.Load()+again.Load() {
		t.Errorf("%d good requests are stored, %d were acknowledged, %d sent again", stored, accepted.Load(), again.Load())
	}
	// A hundred a minute and one in a hundred of the others; the flood may have lasted over several minutes.
	minutes := s.text("select (extract(epoch from max(received_at) - min(received_at)) / 60 + 2)::int::text from meshhook.requests")
	var allowed int64
	fmt.Sscan(minutes, &allowed)
	allowed = allowed*100 + (refused.Load()+again.Load())/100
	var kept int64
	fmt.Sscan(s.text("select count(*)::text from meshhook.requests where verdict = 'rejected'"), &kept)
	if kept == 0 || kept > allowed {
		t.Errorf("%d of %d refused requests are stored, at most %d should be", kept, refused.Load(), allowed)
	}
	waitFor(t, "an exact count", func() bool {
		var counted int64
		fmt.Sscan(s.text("select sum(requests)::text from meshhook.rejection_list where endpoint = 'flow'"), &counted)
		return counted >= refused.Load() && counted <= refused.Load()+again.Load()
	})
	t.Logf("%d refused, %d of them stored, all counted; %d good ones in between accepted", refused.Load(), kept, accepted.Load())
}
