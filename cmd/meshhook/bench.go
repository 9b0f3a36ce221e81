package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
)

func newBenchCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine: MeshHook beside what it is built on, in one interleaved run",
		Long: "Measures in scratch databases of the server that DATABASE_URL names (they are dropped afterwards), or of a local\n" +
			"PostgreSQL with durable settings that ends with the benchmark. A figure is a ratio: MeshHook and its peers take\n" +
			"turns on the same machine, and the median over the repetitions counts.",
	}
	c.AddCommand(newBenchEngineCommand(a), newBenchFairnessCommand(a))
	return c
}

// benchServer is the server that a benchmark runs on, and the scratch databases made there.
type benchServer struct {
	url       string
	local     *db.LocalServer
	localHome string
	names     []string
}

// benchOn finds or starts the server; the caller closes it.
func (a *app) benchOn(ctx context.Context) (*benchServer, error) {
	s := &benchServer{url: a.config.databaseURL()}
	if s.url != "" {
		return s, nil
	}
	var err error
	if s.localHome, err = os.MkdirTemp("/tmp", "meshhook-bench-"); err != nil {
		return nil, err
	}
	s.local, err = db.StartLocal(ctx, db.LocalOptions{Durable: true, Dir: s.localHome, Progress: a.progress})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.localHome))
	}
	s.url = s.local.URL
	return s, nil
}

// progress tells people what takes time; it is no part of the answer.
func (a *app) progress(text string) { fmt.Fprintln(a.err, text) }

// scratch makes an empty database and answers with its address.
func (s *benchServer) scratch(ctx context.Context, purpose string) (string, error) {
	name := fmt.Sprintf("meshhook_bench_%s_%d", purpose, os.Getpid())
	if err := s.exec(ctx, "create database "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", fmt.Errorf("make a scratch database: %w", err)
	}
	s.names = append(s.names, name)
	u, err := url.Parse(s.url)
	if err != nil {
		return "", usagef("bench needs the database as a postgres:// address: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

func (s *benchServer) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// close leaves nothing behind.
func (s *benchServer) close(ctx context.Context) error {
	var errs []error
	for _, name := range s.names {
		errs = append(errs, s.exec(ctx, "drop database if exists "+pgx.Identifier{name}.Sanitize()+" with (force)"))
	}
	if s.local != nil {
		errs = append(errs, s.local.Stop(), os.RemoveAll(s.localHome))
	}
	return errors.Join(errs...)
}

// sample is what a server has used up so far.
type sample struct {
	at   time.Time
	wal  int64         // bytes
	xids int64         // transactions that wrote
	cpu  map[int]int64 // clock ticks by process; empty when the server is not on this machine
	kind map[int]string
}

// take reads the counters. Transactions are counted by their numbers: the statistics views lag behind.
func take(ctx context.Context, pool *pgxpool.Pool) (sample, error) {
	s := sample{cpu: map[int]int64{}, kind: map[int]string{}}
	rows, err := pool.Query(ctx, "select pid, coalesce(backend_type, '') from pg_stat_activity")
	if err != nil {
		return s, err
	}
	var pid int
	var kind string
	_, err = pgx.ForEachRow(rows, []any{&pid, &kind}, func() error {
		if ticks, ok := postgresTicks(pid); ok {
			s.cpu[pid], s.kind[pid] = ticks, kind
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	err = pool.QueryRow(ctx, `select (pg_current_wal_lsn() - '0/0')::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint`).Scan(&s.wal, &s.xids)
	s.at = time.Now()
	return s, err
}

// postgresTicks is the processor time of a server process of this machine: user and system, in hundredths of a second.
func postgresTicks(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	name, rest, ok := strings.Cut(string(text), ") ")
	if !ok || !strings.HasSuffix(name, "(postgres") {
		return 0, false
	}
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	return user + system, err1 == nil && err2 == nil
}

// cpuSince is the processor time between two samples; 0 when it is not known. Vacuuming is told apart: it comes when it
// comes, for all databases of the server, not in the measurement that caused it.
func (s sample) cpuSince(before sample) (work, vacuum time.Duration) {
	for pid, t := range s.cpu {
		spent := time.Duration(t-before.cpu[pid]) * 10 * time.Millisecond
		if s.kind[pid] == "autovacuum worker" {
			vacuum += spent
		} else {
			work += spent
		}
	}
	return work, vacuum
}

// spread is a figure over its repetitions.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	v := slices.Sorted(slices.Values(values))
	mid := v[len(v)/2]
	if len(v)%2 == 0 {
		mid = (v[len(v)/2-1] + mid) / 2
	}
	return spread{Median: round3(mid), Min: round3(v[0]), Max: round3(v[len(v)-1])}
}

// round3 keeps what means something: three digits behind the point for small numbers, none for large ones.
func round3(x float64) float64 {
	if math.Abs(x) >= 1000 {
		return math.Round(x)
	}
	return math.Round(x*1000) / 1000
}

func (s spread) row(name string) []string {
	text := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	return []string{name, text(s.Median), text(s.Min), text(s.Max)}
}

// surroundings is where a figure was taken: without it, it says nothing.
type surroundings struct {
	Machine  string            `json:"machine"`
	Versions map[string]string `json:"versions"`
	Settings map[string]string `json:"settings"`
}

func surroundingsOf(ctx context.Context, pool *pgxpool.Pool) (surroundings, error) {
	s := surroundings{
		Machine:  fmt.Sprintf("%s, %d processors, %s/%s", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH),
		Versions: map[string]string{"meshhook": version(), "go": runtime.Version(), "river": riverVersion()},
		Settings: map[string]string{},
	}
	rows, err := pool.Query(ctx, `select name, current_setting(name) from pg_settings where name in (
		'server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'wal_compression', 'max_wal_size', 'jit', 'autovacuum')`)
	if err != nil {
		return s, err
	}
	var name, value string
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		if name == "server_version" {
			s.Versions["postgresql"] = value
		} else {
			s.Settings[name] = value
		}
		return nil
	})
	return s, err
}

// processor names the machine's, as well as it says itself.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// lines are the surroundings for people.
func (s surroundings) lines() []string {
	flat := func(m map[string]string) string {
		var words []string
		for k, v := range m {
			words = append(words, k+" "+v)
		}
		slices.Sort(words)
		return strings.Join(words, ", ")
	}
	return []string{s.Machine, flat(s.Versions), flat(s.Settings)}
}
