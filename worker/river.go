package worker

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Schema of River's own tables.
const riverSchema = "meshhook_river"

// runArgs is the one kind of job there is. SQL inserts it, and deletes it in the commit that leaves it without work.
type runArgs struct {
	RunID string `json:"run_id"`
}

// Kind names the job in the queue.
func (runArgs) Kind() string { return "run" }

type runWorker struct {
	river.WorkerDefaults[runArgs]
	process *Process
}

// Work does what the job holds; see Process.workJob.
func (w *runWorker) Work(ctx context.Context, job *river.Job[runArgs]) error {
	return w.process.workJob(ctx, job.ID)
}

func (p *Process) startRiver() error {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &runWorker{process: p}); err != nil {
		return fmt.Errorf("register job kind: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(p.conf.Pool), &river.Config{
		ID:                strconv.Itoa(int(p.id)),
		Schema:            riverSchema,
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: p.conf.Workers}},
		Workers:           workers,
		FetchCooldown:     5 * time.Millisecond,
		FetchPollInterval: 2 * time.Second, // a floor under the notifications
		JobTimeout:        -1,              // each call has its own limit
		// Longer than any chain can last: a chain takes its last call within chainTime.
		RescueStuckJobsAfter:        longestAttempt + chainTime + 2*time.Minute,
		CompletedJobRetentionPeriod: 5 * time.Minute,
		CancelledJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
		ReindexerSchedule:           river.NeverSchedule(), // four of the indexes it knows are dropped, and it owns none
		Logger:                      slog.New(quiet{p.log.With(slog.String("part", "river")).Handler()}),
	})
	if err != nil {
		return fmt.Errorf("make queue client: %w", err)
	}
	if err := client.Start(p.life); err != nil {
		return fmt.Errorf("start queue client: %w", err)
	}
	p.river = client
	return nil
}

// quiet lets pass what an operator should read: River tells at level info what is routine here.
type quiet struct{ slog.Handler }

// Enabled drops everything below a warning.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the bound on derived loggers.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup keeps the bound on derived loggers.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
