package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/worker"
)

// fairnessReport is what bench fairness answers with --json.
type fairnessReport struct {
	surroundings
	Slots   int               `json:"slots"`
	Backlog int               `json:"backlog"`
	Reps    int               `json:"reps"`
	Figures map[string]spread `json:"figures"`
}

// Figures of bench fairness, in the order in which they are printed.
var fairnessFigures = []string{"p95_ratio", "p50_ratio", "alone_p95_ms", "beside_p95_ms", "alone_p50_ms", "beside_p50_ms", "backlog_left"}

func newBenchFairnessCommand(a *app) *cobra.Command {
	var reps, runs, slots, backlog int
	var hold time.Duration
	c := &cobra.Command{
		Use:   "fairness",
		Short: "One project's start delay beside another's backlog",
		Long: "Project B starts a run every 100 ms; its delay is the time from calling meshhook.start until its call is at the target.\n" +
			"First alone, then while project A has thousands of runs queued whose calls keep every call slot busy.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if reps < 1 || runs < 20 || slots < 1 || backlog < 1 {
				return usagef("--reps, --slots and --backlog must be at least 1, --runs at least 20")
			}
			report, err := a.benchFairness(c.Context(), reps, runs, slots, backlog, hold)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, name := range fairnessFigures {
				rows = append(rows, report.Figures[name].row(name))
			}
			if !a.json {
				for _, line := range report.lines() {
					fmt.Fprintln(a.out, "#", line)
				}
				fmt.Fprintf(a.out, "# %d call slots, calls of A take about %s, %d runs of A queued, %d runs of B a measurement, %d repetitions\n", slots, hold, backlog, runs, reps)
			}
			return a.show(report, []string{"figure", "median", "min", "max"}, rows)
		},
	}
	c.Flags().IntVar(&reps, "reps", 3, "repetitions; the median counts")
	c.Flags().IntVar(&runs, "runs", 100, "runs of B in each measurement, one every 100 ms")
	c.Flags().IntVar(&slots, "slots", 50, "call slots of the worker")
	c.Flags().IntVar(&backlog, "backlog", 5000, "runs of A that are queued")
	c.Flags().DurationVar(&hold, "hold", 250*time.Millisecond, "how long a call of A takes on average, from half of it to half more")
	return c
}

func (a *app) benchFairness(ctx context.Context, reps, runs, slots, backlog int, hold time.Duration) (report fairnessReport, err error) {
	server, err := a.benchOn(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, server.close(context.WithoutCancel(ctx))) }()
	bench, err := newFairnessBench(ctx, server, slots, hold)
	if err != nil {
		return report, err
	}
	defer bench.close()
	report.Slots, report.Backlog, report.Reps = slots, backlog, reps
	if report.surroundings, err = surroundingsOf(ctx, bench.pool); err != nil {
		return report, err
	}
	if _, err := bench.delays(ctx, 20); err != nil { // warm
		return report, err
	}
	values := map[string][]float64{}
	for rep := range reps {
		alone, err := bench.delays(ctx, runs)
		if err != nil {
			return report, fmt.Errorf("measure alone: %w", err)
		}
		if err := bench.exec(ctx, "select count(meshhook.start('a', 'one')) from generate_series(1, $1)", backlog); err != nil {
			return report, err
		}
		// The first calls of the backlog all begin at one moment; after a while they end at many.
		if _, err := bench.delays(ctx, 20+int(4*hold/(100*time.Millisecond))); err != nil {
			return report, err
		}
		beside, err := bench.delays(ctx, runs)
		if err != nil {
			return report, fmt.Errorf("measure beside the backlog: %w", err)
		}
		var left int
		if err := bench.pool.QueryRow(ctx, "select count(*)::int from meshhook_river.river_job where state = 'available'").Scan(&left); err != nil {
			return report, err
		}
		if left < backlog/10 {
			return report, fmt.Errorf("the backlog was gone before the end, %d were left: give more of it, or calls that take longer", left)
		}
		for name, v := range map[string]float64{
			"p95_ratio": quantile(beside, 0.95) / quantile(alone, 0.95), "p50_ratio": quantile(beside, 0.5) / quantile(alone, 0.5),
			"alone_p95_ms": quantile(alone, 0.95), "beside_p95_ms": quantile(beside, 0.95),
			"alone_p50_ms": quantile(alone, 0.5), "beside_p50_ms": quantile(beside, 0.5), "backlog_left": float64(left),
		} {
			values[name] = append(values[name], v)
		}
		a.progress(fmt.Sprintf("%d/%d: p95 %.1f ms alone, %.1f ms beside the backlog", rep+1, reps, quantile(alone, 0.95), quantile(beside, 0.95)))
		// Runs may end by themselves meanwhile.
		const end = `do $$ declare v uuid; begin
			for v in select id from meshhook.runs where finished_at is null order by id loop
				begin perform meshhook.cancel(v); exception when sqlstate 'MH409' then null; end;
			end loop; end $$`
		if err := bench.exec(ctx, end); err != nil {
			return report, err
		}
	}
	report.Figures = map[string]spread{}
	for name, v := range values {
		report.Figures[name] = spreadOf(v)
	}
	return report, nil
}

// quantile of sorted values.
func quantile(sorted []float64, q float64) float64 {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// fairnessBench has two projects, a target that keeps the calls of one waiting, and a worker.
type fairnessBench struct {
	pool    *pgxpool.Pool
	process *worker.Process
	target  *http.Server
	mu      sync.Mutex
	arrived map[int]time.Time
	next    int
}

func newFairnessBench(ctx context.Context, server *benchServer, slots int, hold time.Duration) (*fairnessBench, error) {
	address, err := server.scratch(ctx, "fairness")
	if err != nil {
		return nil, err
	}
	if _, err := db.Migrate(ctx, address, db.MigrateOptions{}); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &fairnessBench{arrived: map[int]time.Time{}}
	b.target = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/b/")); err == nil {
			b.mu.Lock()
			b.arrived[n] = time.Now()
			b.mu.Unlock()
			return
		}
		select { // what A calls is slow, and not always as slow: else its calls would all end at the same moments
		case <-time.After(hold/2 + rand.N(hold)):
		case <-r.Context().Done():
		}
	})}
	go func() { _ = b.target.Serve(listener) }()
	if b.pool, err = db.Open(ctx, address, db.PoolOptions{MaxConns: serviceConns, Name: "meshhook bench"}); err != nil {
		return nil, errors.Join(err, b.target.Close())
	}
	for project, path := range map[string]string{"a": "a", "b": "b/{{ trigger.body.n }}"} {
		flow := fmt.Sprintf(`{"apiVersion": "meshhook/v1", "name": "one", "nodes": {"post": {"type": "http_call", "with": {"url": "http://%s/%s"}}},
			"edges": [{"from": "trigger", "to": "post"}]}`, listener.Addr(), path)
		if err := errors.Join(b.exec(ctx, "select meshhook.create_project($1)", project), b.exec(ctx, "select meshhook.publish($1, 'one', $2)", project, flow)); err != nil {
			b.close()
			return nil, err
		}
	}
	b.process, err = worker.Start(ctx, worker.Config{
		Pool: b.pool, Name: "bench", Version: version(), Work: true, Workers: slots, Log: slog.New(slog.DiscardHandler),
		Caller: worker.NewCaller(worker.CallerConfig{Version: version(), AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
	})
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *fairnessBench) exec(ctx context.Context, sql string, args ...any) error {
	_, err := b.pool.Exec(ctx, sql, args...)
	return err
}

// delays starts runs of B, one every 100 ms, and answers with how long each took to reach the target, in ms, sorted.
func (b *fairnessBench) delays(ctx context.Context, runs int) ([]float64, error) {
	first := b.next
	b.next += runs
	begun := make([]time.Time, runs)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := range runs {
		begun[n] = time.Now()
		if err := b.exec(ctx, "select meshhook.start('b', 'one', jsonb_build_object('n', $1::int))", first+n); err != nil {
			return nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	out := make([]float64, runs)
	for n := range runs {
		for late := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
			b.mu.Lock()
			at, ok := b.arrived[first+n]
			b.mu.Unlock()
			if ok {
				out[n] = float64(at.Sub(begun[n]).Microseconds()) / 1000
				break
			}
			if time.Now().After(late) {
				return nil, fmt.Errorf("run %d of B did not reach the target in two minutes", n)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

func (b *fairnessBench) close() {
	if b.process != nil {
		stopping, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		_ = b.process.Stop(stopping)
	}
	b.pool.Close()
	_ = b.target.Close()
}
