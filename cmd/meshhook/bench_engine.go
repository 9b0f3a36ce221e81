package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/worker"
)

// engineReport is what bench engine answers with --json.
type engineReport struct {
	surroundings
	Slots   int               `json:"slots"`
	Reps    int               `json:"reps"`
	Seconds int               `json:"seconds"`
	Runs    int               `json:"runs"` // finished in all repetitions, as counted at the target
	Figures map[string]spread `json:"figures"`
}

// Figures of bench engine, in the order in which they are printed.
var engineFigures = []string{
	"steps_per_river_job", "runs_per_commit",
	"runs_per_second", "river_jobs_per_second", "commits_per_second",
	"commits_per_run", "database_cpu_us_per_run", "vacuum_cpu_us_per_run", "wal_bytes_per_run", "runs_per_group", "results_per_group",
}

func newBenchEngineCommand(a *app) *cobra.Command {
	var reps, seconds, slots int
	c := &cobra.Command{
		Use:   "engine",
		Short: "Reference runs through the SQL functions and the worker, beside bare River jobs and single-row commits",
		Long: "Reference run: webhook -> transform -> branch -> http_call -> terminate with a 1 KB body, the target on loopback answers\n" +
			"at once. Webhooks go to meshhook_engine.accept in groups, as the door sends them; calls are made by the worker.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if reps < 1 || seconds < 1 || slots < 1 {
				return usagef("--reps, --seconds and --slots must be at least 1")
			}
			report, err := a.benchEngine(c.Context(), slots, reps, time.Duration(seconds)*time.Second)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, name := range engineFigures {
				rows = append(rows, report.Figures[name].row(name))
			}
			if !a.json {
				for _, line := range report.lines() {
					fmt.Fprintln(a.out, "#", line)
				}
				fmt.Fprintf(a.out, "# %d call slots, %d repetitions of %d s each, %d runs finished\n", report.Slots, report.Reps, report.Seconds, report.Runs)
			}
			return a.show(report, []string{"figure", "median", "min", "max"}, rows)
		},
	}
	c.Flags().IntVar(&reps, "reps", 5, "repetitions; the median counts")
	c.Flags().IntVar(&seconds, "seconds", 10, "length of each measurement")
	c.Flags().IntVar(&slots, "slots", peerWorkers, "call slots of the worker, and runs open at once; as many as River's workers unless told otherwise")
	return c
}

func (a *app) benchEngine(ctx context.Context, slots, reps int, length time.Duration) (report engineReport, err error) {
	server, err := a.benchOn(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, server.close(context.WithoutCancel(ctx))) }()
	bench, err := newEngineBench(ctx, server, slots, a.progress)
	if err != nil {
		return report, err
	}
	defer bench.close()
	peers, err := newPeers(ctx, server)
	if err != nil {
		return report, err
	}
	defer peers.close()

	report.Slots, report.Reps, report.Seconds = slots, reps, int(length/time.Second)
	if report.surroundings, err = surroundingsOf(ctx, bench.pool); err != nil {
		return report, err
	}
	values := map[string][]float64{}
	for rep := range reps {
		runs, err := bench.measure(ctx, length)
		if err != nil {
			return report, fmt.Errorf("measure the engine: %w", err)
		}
		jobs, err := peers.riverJobs(ctx, length)
		if err != nil {
			return report, fmt.Errorf("measure River: %w", err)
		}
		commits, err := peers.commits(ctx, length)
		if err != nil {
			return report, fmt.Errorf("measure commits: %w", err)
		}
		report.Runs += runs.count
		for name, v := range map[string]float64{
			"steps_per_river_job": 4 * runs.rate / jobs, "runs_per_commit": runs.rate / commits,
			"runs_per_second": runs.rate, "river_jobs_per_second": jobs, "commits_per_second": commits,
			"commits_per_run": runs.commits, "database_cpu_us_per_run": runs.cpu, "vacuum_cpu_us_per_run": runs.vacuum, "wal_bytes_per_run": runs.wal, "runs_per_group": runs.group, "results_per_group": runs.results,
		} {
			values[name] = append(values[name], v)
		}
		a.progress(fmt.Sprintf("%d/%d: %.0f runs/s, %.0f River jobs/s, %.0f commits/s; a run %.3f commits, %.0f us, %.0f B of WAL",
			rep+1, reps, runs.rate, jobs, commits, runs.commits, runs.cpu, runs.wal))
	}
	report.Figures = map[string]spread{}
	for name, v := range values {
		report.Figures[name] = spreadOf(v)
	}
	return report, nil
}

// engineBench drives the engine with reference runs.
type engineBench struct {
	pool     *pgxpool.Pool
	queries  *db.Queries
	process  *worker.Process
	target   *http.Server
	hits     atomic.Int64 // calls that arrived at the target
	item     json.RawMessage
	body     []byte
	accepted atomic.Int64
	groups   atomic.Int64
	window   int64 // runs open at once
}

// engineRate is one measurement of it.
type engineRate struct {
	count                                           int
	rate, commits, cpu, wal, group, results, vacuum float64
}

const referenceFlow = `{"apiVersion": "meshhook/v1", "name": "reference",
	"nodes": {
		"shape": {"type": "transform", "with": {"expr": "{id: trigger.body.id, total: trigger.body.amount, customer: trigger.body.customer.name, city: trigger.body.customer.city, first: trigger.body.lines[0].sku}"}},
		"big": {"type": "branch", "with": {"cases": [{"port": "large", "when": "steps.shape.total > ` + "`1000`" + `"}], "default": "small"}},
		"post": {"type": "http_call", "with": {"method": "POST", "url": "%s/orders/{{ steps.shape.id }}", "body": "{{ steps.shape }}"}},
		"end": {"type": "terminate", "with": {"output": "{{ steps.post.body }}"}}},
	"edges": [{"from": "trigger", "to": "shape"}, {"from": "shape", "to": "big"}, {"from": "big", "port": "large", "to": "post"},
		{"from": "big", "port": "small", "to": "end"}, {"from": "post", "to": "end"}]}`

func newEngineBench(ctx context.Context, server *benchServer, slots int, progress func(string)) (*engineBench, error) {
	address, err := server.scratch(ctx, "engine")
	if err != nil {
		return nil, err
	}
	if _, err := db.Migrate(ctx, address, db.MigrateOptions{}); err != nil {
		return nil, err
	}
	b := &engineBench{window: int64(slots), body: referenceBody()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	answer := []byte(`{"ok":true}`)
	b.target = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		b.hits.Add(1)
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = w.Write(answer)
	})}
	go func() { _ = b.target.Serve(listener) }()
	if b.pool, err = db.Open(ctx, address, db.PoolOptions{MaxConns: serviceConns, Name: "meshhook bench"}); err != nil {
		return nil, errors.Join(err, b.target.Close())
	}
	b.queries = db.New(b.pool)
	var endpoint string
	for _, do := range []struct {
		sql  string
		args []any
	}{
		{"select meshhook.create_project('bench')::text", nil},
		{"select meshhook.publish('bench', 'reference', $1)::text", []any{fmt.Sprintf(referenceFlow, "http://"+listener.Addr().String())}},
		{"select id::text from meshhook.create_endpoint('bench', 'reference')", nil},
	} {
		if err := b.pool.QueryRow(ctx, do.sql, do.args...).Scan(&endpoint); err != nil {
			b.close()
			return nil, err
		}
	}
	b.item = json.RawMessage(fmt.Sprintf(`{"endpoint": %q, "method": "POST", "path": "/hooks/bench", "query": {}, "remote": "127.0.0.1",
		"headers": {"content-type": "application/json", "user-agent": "bench/1", "x-delivery": "0123456789"}}`, endpoint))
	b.process, err = worker.Start(ctx, worker.Config{
		Pool: b.pool, Name: "bench", Version: version(), Work: true, Workers: slots, Log: slog.New(slog.DiscardHandler),
		Caller: worker.NewCaller(worker.CallerConfig{Version: version(), AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
	})
	if err != nil {
		b.close()
		return nil, err
	}
	progress("warming up")
	_, err = b.drive(ctx, 3*time.Second)
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// referenceBody is an order of 1 KB.
func referenceBody() []byte {
	type line struct {
		SKU   string  `json:"sku"`
		Count int     `json:"count"`
		Price float64 `json:"price"`
	}
	order := map[string]any{
		"id": 1234567, "amount": 1520.5, "currency": "EUR",
		"customer": map[string]any{"name": "Some Customer", "city": "Some City", "email": "customer@example.com"},
		"lines":    []line{{"sku-1", 1, 20.5}, {"sku-2", 3, 500}},
	}
	text, _ := json.Marshal(order) // plain values, it cannot fail
	order["note"] = strings.Repeat("n", 1024-len(text)-len(`,"note":""`))
	text, _ = json.Marshal(order)
	return text
}

// measure drives the engine for a time and lets every run finish; all of that counts.
func (b *engineBench) measure(ctx context.Context, length time.Duration) (engineRate, error) {
	if _, err := b.drive(ctx, time.Second); err != nil { // fresh WAL segments are filled with zeros first
		return engineRate{}, err
	}
	_, _ = b.pool.Exec(ctx, "checkpoint") // not everybody may, and then it comes when it comes
	before, err := take(ctx, b.pool)
	if err != nil {
		return engineRate{}, err
	}
	groups, batches := b.groups.Load(), b.process.Stats().Batches
	count, err := b.drive(ctx, length)
	if err != nil {
		return engineRate{}, err
	}
	after, err := take(ctx, b.pool)
	if err != nil {
		return engineRate{}, err
	}
	n := float64(count)
	work, vacuum := after.cpuSince(before)
	return engineRate{
		count: count, rate: n / after.at.Sub(before.at).Seconds(),
		commits: float64(after.xids-before.xids) / n, wal: float64(after.wal-before.wal) / n,
		cpu: float64(work.Microseconds()) / n, vacuum: float64(vacuum.Microseconds()) / n,
		group:   n / float64(b.groups.Load()-groups),
		results: n / float64(b.process.Stats().Batches-batches),
	}, nil
}

// drive sends webhooks for a time, waits until every run is finished, and counts the calls at the target. As many runs are
// open at once as the worker has call slots.
func (b *engineBench) drive(ctx context.Context, length time.Duration) (int, error) {
	hits, accepted, recorded := b.hits.Load(), b.accepted.Load(), b.process.Stats().Recorded
	open := func() int64 { return (b.accepted.Load() - accepted) - (b.process.Stats().Recorded - recorded) }
	end := time.Now().Add(length)
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for k := range errs { // two flushers, as the door has
		wait.Go(func() {
			for time.Now().Before(end) && errs[k] == nil {
				n := int(min(b.window-open(), 200))
				if n < 16 {
					time.Sleep(200 * time.Microsecond)
					continue
				}
				errs[k] = b.accept(ctx, n)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	for late := time.Now().Add(30 * time.Second); open() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			return 0, fmt.Errorf("%d runs do not finish", open())
		}
	}
	count := int(b.hits.Load() - hits)
	if want := int(b.accepted.Load() - accepted); count != want {
		return 0, fmt.Errorf("%d runs were accepted, the target saw %d calls", want, count)
	}
	return count, nil
}

// accept sends one group.
func (b *engineBench) accept(ctx context.Context, n int) error {
	items, bodies := make([]json.RawMessage, n), make([][]byte, n)
	for i := range items {
		items[i], bodies[i] = b.item, b.body
	}
	slots := b.process.Take(n)
	b.accepted.Add(int64(n))
	b.groups.Add(1)
	rows, err := b.queries.Accept(ctx, db.AcceptParams{Process: b.process.ID(), Take: int32(slots), Items: items, Bodies: bodies})
	if err != nil {
		b.process.Give(slots)
		return err
	}
	for _, row := range rows {
		if row.Verdict != "accepted" {
			return fmt.Errorf("a webhook is %s: %s %s", row.Verdict, row.Cause, row.Message)
		}
		calls, err := worker.ParseItems(row.Calls)
		if err != nil {
			return err
		}
		slots -= len(calls)
		b.process.Launch(calls)
	}
	b.process.Give(slots)
	return nil
}

func (b *engineBench) close() {
	if b.process != nil {
		stopping, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		_ = b.process.Stop(stopping)
	}
	b.pool.Close()
	_ = b.target.Close()
}
