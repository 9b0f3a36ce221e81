//go:build unix

package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/api"
	"github.com/profullstack/meshhook/api/door"
	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/dbtest"
	"github.com/profullstack/meshhook/db/keyring"
	"github.com/profullstack/meshhook/worker"
)

// site is a whole service on a database of its own, and the target that its calls reach.
type site struct {
	t       *testing.T
	pool    *pgxpool.Pool // for the test itself
	ring    *keyring.Ring
	process *worker.Process
	door    *door.Door
	url     string
	target  *httptest.Server
	calls   *atomic.Int64
}

// open starts a service over the database at direct; it reaches it at address, which may lie behind something.
func open(t *testing.T, direct, address string, work bool, with ...func(*door.Config)) *site {
	t.Helper()
	s := &site{t: t, pool: dbtest.Open(t, direct), calls: &atomic.Int64{}}
	s.target = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"echo": %s}`, body)
	}))
	t.Cleanup(s.target.Close)
	pool, err := db.Open(t.Context(), address, db.PoolOptions{MaxConns: 14})
	must(t, err)
	t.Cleanup(pool.Close)
	s.ring, err = keyring.New(pool, bytes.Repeat([]byte{1}, 32))
	must(t, err)
	log := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	s.process, err = worker.Start(t.Context(), worker.Config{
		Pool: pool, Name: "test", Version: "test", Work: work, Workers: 20, Drain: 5 * time.Second, Log: log,
		Caller: worker.NewCaller(worker.CallerConfig{Version: "test", AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Secret: s.ring.Secret}),
	})
	must(t, err)
	conf := door.Config{
		Pool: pool, Ring: s.ring, Process: s.process, KeySets: worker.GuardedTransport([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), Log: log,
	}
	for _, change := range with {
		change(&conf)
	}
	s.door, err = door.New(conf)
	must(t, err)
	server := api.New(api.Config{Pool: pool, Door: s.door, Process: s.process, Log: log, Migrated: func(context.Context) error { return nil }})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.url = "http://" + listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		_ = s.door.Close(ctx)
		_ = s.process.Stop(ctx)
	})
	return s
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(line []byte) (int, error) {
	defer func() { _ = recover() }() // the test may have ended: River logs a little later
	w.t.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.pool.Exec(s.t.Context(), sql, args...)
	must(s.t, err)
}

func (s *site) text(sql string, args ...any) string {
	s.t.Helper()
	var out *string
	must(s.t, s.pool.QueryRow(s.t.Context(), sql, args...).Scan(&out))
	if out == nil {
		return ""
	}
	return *out
}

// endpoint publishes a workflow and gives it an endpoint; answers its path.
func (s *site) endpoint(name, nodes, edges, verify, options string) (path string) {
	s.t.Helper()
	s.exec("select meshhook.create_project('p') where not exists (select from meshhook.projects where slug = 'p')")
	definition := fmt.Sprintf(`{"apiVersion": "meshhook/v1", "name": %q, "nodes": %s, "edges": %s}`, name, strings.ReplaceAll(nodes, "TARGET", s.target.URL), edges)
	s.exec("select meshhook.publish('p', $1, $2::jsonb)", name, definition)
	return s.text("select path from meshhook.create_endpoint('p', $1, $2::jsonb, $3::jsonb)", name, verify, options)
}

const (
	anybody   = `{"kind": "none"}`
	pureNodes = `{"a": {"type": "transform", "with": {"expr": "{got: trigger.body}"}}}`
	pureEdges = `[{"from": "trigger", "to": "a"}]`
	callNodes = `{"a": {"type": "http_call", "with": {"method": "POST", "url": "TARGET/x", "body": "{{ trigger.body }}"}}}`
)

type reply struct {
	status int
	header http.Header
	body   string
	fields map[string]any
}

func (s *site) send(method, path, body string, header ...string) reply {
	s.t.Helper()
	return s.sendReader(method, path, strings.NewReader(body), header...)
}

func (s *site) sendReader(method, path string, body io.Reader, header ...string) reply {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	must(s.t, err)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	must(s.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	must(s.t, err)
	r := reply{status: response.StatusCode, header: response.Header, body: string(content)}
	_ = json.Unmarshal(content, &r.fields)
	return r
}

func (r reply) field(name string) string {
	text, _ := r.fields[name].(string)
	return text
}

// expect checks status and code of a problem.
func (r reply) expect(t *testing.T, status int, code string) {
	t.Helper()
	if r.status != status || r.field("code") != code {
		t.Errorf("got %d %s, want %d %s", r.status, r.body, status, code)
	}
	if code != "" && (r.header.Get("Content-Type") != "application/problem+json" || r.field("detail") == "" || r.field("request_id") == "") {
		t.Errorf("not a whole problem: %s %s", r.header.Get("Content-Type"), r.body)
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come about", what)
		}
	}
}
