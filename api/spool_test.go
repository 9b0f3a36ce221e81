//go:build unix

package api_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profullstack/meshhook/api/door"
	"github.com/profullstack/meshhook/api/door/spool"
	"github.com/profullstack/meshhook/db/dbtest"
)

// outage sends requests at a steady rate while the database goes away in the middle, and tells how each was answered. The
// short form is away for two seconds, MESHHOOK_SOAK for twenty.
func outage(t *testing.T, s *site, w *wall, path string) (sent int, committed, spooled, refused int64, slowest time.Duration) {
	t.Helper()
	rate, away := 50, 2*time.Second
	if os.Getenv("MESHHOOK_SOAK") != "" {
		rate, away = 200, 20*time.Second
	}
	var kept, here, not atomic.Int64
	var mu sync.Mutex
	var all sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 500}}
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	began := time.Now()
	closed := false
	for total := away + 2*time.Second; time.Since(began) < total; sent++ {
		<-ticker.C
		if since := time.Since(began); !closed && since > time.Second {
			w.close(true)
			closed = true
		}
		if closed && time.Since(began) > time.Second+away {
			w.close(false)
		}
		n := sent
		all.Go(func() {
			start := time.Now()
			response, err := client.Post(s.url+path, "application/json", strings.NewReader(fmt.Sprintf(`{"n": %d}`, n)))
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			var text [512]byte
			size, _ := response.Body.Read(text[:])
			switch {
			case response.StatusCode == 202 && strings.Contains(string(text[:size]), `"spooled":true`):
				kept.Add(1)
			case response.StatusCode == 202:
				here.Add(1)
			case response.StatusCode == 503:
				not.Add(1)
			default:
				t.Errorf("answered %d %s", response.StatusCode, text[:size])
			}
			mu.Lock()
			slowest = max(slowest, time.Since(start))
			mu.Unlock()
		})
	}
	w.close(false)
	all.Wait()
	return sent, here.Load(), kept.Load(), not.Load(), slowest
}

func behindWall(t *testing.T) (direct, address string, w *wall) {
	t.Helper()
	direct = dbtest.URL(t)
	config := dbtest.Open(t, direct).Config().ConnConfig
	w = newWall(t, net.JoinHostPort(config.Host, fmt.Sprint(config.Port)))
	return direct, fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", config.User, w.listener.Addr(), config.Database), w
}

func TestOutageWithoutASpool(t *testing.T) {
	direct, address, w := behindWall(t)
	s := open(t, direct, address, false)
	path := s.endpoint("flow", pureNodes, pureEdges, anybody, `{}`)
	s.send("POST", path, `{"n": -1}`).expect(t, 202, "")
	sent, committed, spooled, refused, slowest := outage(t, s, w, path)
	if spooled != 0 || refused == 0 || committed+refused != int64(sent) {
		t.Errorf("%d sent: %d committed, %d spooled, %d refused", sent, committed, spooled, refused)
	}
	// What was refused may have been committed all the same when the connection broke after the commit; what was acknowledged is there.
	if got := s.text("select (count(*) - 1 between $1 and $2)::text from meshhook.runs", committed, sent); got != "true" {
		t.Errorf("%s runs of %d acknowledged requests", s.text("select count(*)::text from meshhook.runs"), committed)
	}
	t.Logf("%d sent, %d committed, %d turned away, the slowest answer took %s", sent, committed, refused, slowest)
}

func TestOutageWithASpool(t *testing.T) {
	direct, address, w := behindWall(t)
	kept, err := spool.Open(t.TempDir(), 1<<30)
	must(t, err)
	t.Cleanup(func() { kept.Close() })
	s := open(t, direct, address, false, func(c *door.Config) { c.Spool = kept })
	path := s.endpoint("flow", pureNodes, pureEdges, anybody, `{}`)
	s.send("POST", path, `{"n": -1}`).expect(t, 202, "")
	sent, committed, spooled, refused, slowest := outage(t, s, w, path)
	if refused != 0 || spooled == 0 || committed+spooled != int64(sent) {
		t.Errorf("%d sent: %d committed, %d spooled, %d refused", sent, committed, spooled, refused)
	}
	waitFor(t, "the spool being taken in", func() bool {
		return kept.Held() == 0 && s.text("select count(*)::text from meshhook.runs") == fmt.Sprint(sent+1)
	})
	if got := s.text("select count(distinct output #> '{got,n}')::text from meshhook.runs"); got != fmt.Sprint(sent+1) {
		t.Errorf("%s different requests of %d", got, sent+1)
	}
	// A commit that went through unheard has left nothing to take in: then the run is there, and not marked.
	marked := s.text("select count(*)::text from meshhook.request_log where spooled_until is not null")
	if s.text("select ($1::int between 1 and $2)::text", marked, spooled) != "true" {
		t.Errorf("%s requests are marked, %d were spooled", marked, spooled)
	}
	if got := s.text("select count(*)::text from meshhook.runs r join meshhook.events e on e.run_id = r.id and e.seq = 1 where e.data -> 'spooled' = 'true'"); got != marked {
		t.Errorf("%s runs are marked, %s requests", got, marked)
	}
	if got := s.text("select count(*)::text from meshhook.runs r, meshhook.verify(r.id)"); got != "0" {
		t.Errorf("%s lines of doubt", got)
	}
	t.Logf("%d sent, %d committed, %d spooled, the slowest answer took %s", sent, committed, spooled, slowest)
}

// TestSpoolTakenInTwice lets a door take in what another has left behind half taken in: each request once.
func TestSpoolTakenInTwice(t *testing.T) {
	url := dbtest.URL(t)
	dir := t.TempDir()
	var path, endpoint string
	for round := range 3 {
		kept, err := spool.Open(dir, 1<<30)
		must(t, err)
		s := open(t, url, url, false, func(c *door.Config) { c.Spool = kept })
		if round == 0 {
			path = s.endpoint("flow", pureNodes, pureEdges, anybody, `{}`)
			endpoint = s.text("select id::text from meshhook.endpoint_list")
		}
		records := make([][]byte, 500)
		for n := range records {
			records[n] = fmt.Appendf(nil, `{"item": {"endpoint": %q, "method": "POST", "path": %q, "headers": {"content-type": "application/json"}, "id": "019ac000-0000-7000-8000-%012d", "at": "2026-01-01T00:00:00.000000Z", "spooled": true}, "body": "e30="}`, endpoint, path, n)
		}
		// A moment of this week: partitions of the past are gone.
		for n, record := range records {
			records[n] = []byte(strings.ReplaceAll(string(record), "019ac000-0000", s.text("select left(meshhook_engine.uuid_floor(date_trunc('week', now()))::text, 13)")))
		}
		must(t, kept.Append(records))
		if round < 2 {
			waitFor(t, "some being taken in", func() bool { return s.text("select count(*)::text from meshhook.requests") != "0" })
		} else {
			waitFor(t, "all being taken in", func() bool { return kept.Held() == 0 })
		}
		if round == 2 {
			if got := s.text("select count(*) || ' ' || count(distinct request_id) from meshhook.runs"); got != "500 500" {
				t.Errorf("runs and their requests: %s", got)
			}
		}
		must(t, s.door.Close(t.Context()))
		must(t, kept.Close())
	}
}
