package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/profullstack/meshhook/db"
)

// peers are what the engine is measured beside: the queue it stands on, doing nothing, and the commits it is made of.
type peers struct {
	pool   *pgxpool.Pool
	worked atomic.Int64
}

func newPeers(ctx context.Context, server *benchServer) (*peers, error) {
	address, err := server.scratch(ctx, "peers")
	if err != nil {
		return nil, err
	}
	p := &peers{}
	if p.pool, err = db.Open(ctx, address, db.PoolOptions{MaxConns: 32, Name: "meshhook bench"}); err != nil {
		return nil, err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(p.pool), nil)
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err == nil {
		_, err = p.pool.Exec(ctx, "create table bench_rows (id bigint generated always as identity primary key, at timestamptz not null default now(), note text not null)")
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("prepare the peers: %w", err)
	}
	return p, nil
}

func (p *peers) close() { p.pool.Close() }

// benchArgs is a job that does nothing.
type benchArgs struct {
	N int `json:"n"`
}

// Kind names the job in the queue.
func (benchArgs) Kind() string { return "bench" }

type benchWorker struct {
	river.WorkerDefaults[benchArgs]
	worked *atomic.Int64
}

// Work counts.
func (w *benchWorker) Work(context.Context, *river.Job[benchArgs]) error {
	w.worked.Add(1)
	return nil
}

// peerWorkers is how many jobs or calls River and the engine each have under way at once.
const peerWorkers = 500

// riverJobs is how many jobs that do nothing River works a second: 500 workers, 1 ms between fetches, inserted by River in
// bulk while it works, so that there is always enough.
func (p *peers) riverJobs(ctx context.Context, length time.Duration) (float64, error) {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &benchWorker{worked: &p.worked}); err != nil {
		return 0, err
	}
	client, err := river.NewClient(riverpgxv5.New(p.pool), &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: peerWorkers}},
		Workers: workers, FetchCooldown: time.Millisecond, FetchPollInterval: 50 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return 0, err
	}
	inserted := p.worked.Load()
	insert := func() error {
		jobs := make([]river.InsertManyParams, 2000)
		for i := range jobs {
			jobs[i].Args = benchArgs{N: i}
		}
		_, err := client.InsertManyFast(ctx, jobs)
		inserted += int64(len(jobs))
		return err
	}
	for range 5 {
		if err := insert(); err != nil {
			return 0, err
		}
	}
	if err := client.Start(ctx); err != nil {
		return 0, err
	}
	var begun int64
	var since time.Time
	warm := time.Now().Add(time.Second)
	end := warm.Add(length)
	for now := time.Now(); now.Before(end); now = time.Now() {
		if since.IsZero() && now.After(warm) {
			begun, since = p.worked.Load(), now
		}
		if inserted-p.worked.Load() > 8000 {
			time.Sleep(time.Millisecond)
			continue
		}
		if err := insert(); err != nil {
			return 0, err
		}
	}
	rate := float64(p.worked.Load()-begun) / time.Since(since).Seconds()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	if err := client.Stop(stopping); err != nil {
		return 0, err
	}
	_, err = p.pool.Exec(ctx, "truncate river_job")
	p.worked.Store(inserted)
	return rate, err
}

// commits is how many single-row inserts, each its own transaction, 32 clients make a second.
func (p *peers) commits(ctx context.Context, length time.Duration) (float64, error) {
	const clients = 32
	var count atomic.Int64
	var wait sync.WaitGroup
	var failed atomic.Pointer[error]
	working, stop := context.WithCancel(ctx)
	defer stop()
	for range clients {
		wait.Go(func() {
			err := p.pool.AcquireFunc(working, func(c *pgxpool.Conn) error {
				for working.Err() == nil {
					if _, err := c.Exec(ctx, "insert into bench_rows (note) values ($1)", "a row of its own commit"); err != nil {
						return err
					}
					count.Add(1)
				}
				return nil
			})
			if err != nil && working.Err() == nil {
				failed.Store(&err)
				stop()
			}
		})
	}
	wait1 := time.NewTimer(time.Second)
	defer wait1.Stop()
	var rate float64
	select {
	case <-wait1.C:
		begun, since := count.Load(), time.Now()
		timer := time.NewTimer(length)
		defer timer.Stop()
		select {
		case <-timer.C:
			rate = float64(count.Load()-begun) / time.Since(since).Seconds()
		case <-working.Done():
		}
	case <-working.Done():
	}
	stop()
	wait.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	_, err := p.pool.Exec(ctx, "truncate bench_rows")
	return rate, err
}

// riverVersion is the version of River that was built in.
func riverVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/riverqueue/river" {
				return m.Version
			}
		}
	}
	return "unknown"
}
