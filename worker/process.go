package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/profullstack/meshhook/db"
)

// Config says what a Process is made of.
type Config struct {
	Pool    *pgxpool.Pool
	Caller  *Caller
	Name    string // host name or the like, for people
	Version string
	Work    bool          // false: the process is registered and beats, but takes no work (a door alone)
	Workers int           // calls under way at once; 200 when zero
	Drain   time.Duration // how long Stop lets work finish; 30 s when zero
	Log     *slog.Logger
}

// Process is one worker: it claims runs' calls, makes them and delivers what came of them. It lives in the database as a
// row and an advisory lock on a session of its own; when the session ends, others know at once that its work is free.
type Process struct {
	conf    Config
	log     *slog.Logger
	queries *db.Queries
	id      int32

	slots    *Slots
	begins   *db.Group[int64, begun]
	delivers *db.Group[*Result, delivered]
	river    *river.Client[pgx.Tx]

	alive    atomic.Bool
	heard    atomic.Int64 // when the database last took a heartbeat, in nanoseconds since 1970
	link     link
	doubtful atomic.Int64   // until when rows are looked for that are ours and never came here, in nanoseconds since 1970
	backing  sync.WaitGroup // session, wake and upkeep loops
	tasks    sync.WaitGroup // chains of calls that did not come through River

	life       context.Context // ends when Stop is done
	endLife    context.CancelFunc
	soft       context.Context // ends when Stop begins: nothing new, no more waiting
	endSoft    context.CancelFunc
	hard       context.Context // ends when Stop has waited long enough: calls are given up
	endHard    context.CancelCauseFunc
	held       heldJobs
	inHand     inHand
	returned   returnedJobs
	watchers   watchers
	counters   counters
	nobegin    Seldom
	nodeliver  Seldom
	stopped    chan struct{}
	stopReason sync.Once
	stopErr    error
}

// Start registers a process and begins to work.
func Start(ctx context.Context, conf Config) (*Process, error) {
	if conf.Workers <= 0 {
		conf.Workers = 200
	}
	if conf.Drain <= 0 {
		conf.Drain = 30 * time.Second
	}
	p := &Process{
		conf: conf, queries: db.New(conf.Pool), slots: NewSlots(conf.Workers), stopped: make(chan struct{}),
	}
	p.life, p.endLife = context.WithCancel(context.WithoutCancel(ctx))
	p.soft, p.endSoft = context.WithCancel(p.life)
	p.hard, p.endHard = context.WithCancelCause(p.life)
	id, err := p.queries.Register(ctx, conf.Name, conf.Version)
	if err != nil {
		p.endLife()
		return nil, fmt.Errorf("register process: %w", err)
	}
	p.id = id
	p.log = conf.Log.With(slog.Int("process", int(id)))
	if !conf.Work {
		p.slots.Close()
	}
	session, err := p.openSession(ctx, false)
	if err != nil {
		p.endLife()
		return nil, err
	}
	p.alive.Store(true)
	p.heard.Store(time.Now().UnixNano())
	p.begins = db.NewGroup(db.GroupConfig[int64]{MaxQueue: 4 * conf.Workers, Timeout: 10 * time.Second}, p.flushBegins)
	p.delivers = db.NewGroup(db.GroupConfig[*Result]{
		Flushers: db.Flushers(), MaxQueue: 1 << 20, MaxWeight: 16 << 20, Timeout: 30 * time.Second,
		Weigh: func(r *Result) int { return len(r.Body) + 1024 },
		Done:  p.counters.batch,
	}, p.flushDelivers)
	p.backing.Go(func() { p.keepSession(session) })
	if conf.Work {
		if err := p.startRiver(); err != nil {
			p.endLife()
			p.backing.Wait()
			return nil, err
		}
		p.backing.Go(p.wakeLoop)
		p.backing.Go(p.upkeepLoop)
	}
	p.log.Info("process started", slog.Bool("works", conf.Work), slog.Int("workers", conf.Workers))
	return p, nil
}

// ID is how queue rows and leases name the process.
func (p *Process) ID() int32 { return p.id }

// Alive tells whether the process holds its lock, so that others see it.
func (p *Process) Alive() bool { return p.alive.Load() }

// Take reserves up to n slots for calls that the caller is about to be given; what it does not hand to Launch it must Give
// back. It takes none when the process does not work, is stopping, is not seen alive, or is behind with its results.
func (p *Process) Take(n int) int {
	if !p.alive.Load() || p.delivers.Waiting() > 4*p.conf.Workers {
		return 0
	}
	return p.slots.TryTake(n)
}

// Give returns slots that Take reserved and nobody used.
func (p *Process) Give(n int) { p.slots.Give(n) }

// Launch makes the calls, for each of which the caller has reserved a slot.
func (p *Process) Launch(items []*Item) {
	for _, item := range items {
		c := &chain{begun: time.Now()}
		p.counters.eager.Add(1)
		p.tasks.Go(func() { p.follow(item, true, c) })
	}
}

// Stop ends the process gracefully: nothing new is taken, what is under way may finish until the drain time or ctx ends,
// what is left is handed back to the queue. It answers once for all callers.
func (p *Process) Stop(ctx context.Context) error {
	p.stopReason.Do(func() {
		p.stopErr = p.stop(ctx)
		close(p.stopped)
	})
	<-p.stopped
	return p.stopErr
}

func (p *Process) stop(ctx context.Context) error {
	p.slots.Close()
	p.endSoft()
	drain, cancel := context.WithTimeout(ctx, p.conf.Drain)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if p.river != nil {
			_ = p.river.Stop(p.life) // returns when all its jobs have
		}
		p.tasks.Wait()
	}()
	select {
	case <-done:
	case <-drain.Done():
		p.log.Warn("drain time is over, handing back what is under way")
	}
	p.endHard(errStopping)
	// From here on nothing takes long: calls are cancelled, results that could not be delivered are given up.
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancelLast()
	var errs []error
	select {
	case <-done:
	case <-last.Done():
		errs = append(errs, errors.New("stop worker: calls did not end when cancelled"))
	}
	errs = append(errs, p.begins.Close(last), p.delivers.Close(last), p.handBack(last))
	p.endLife()
	p.backing.Wait()
	stats := p.Stats()
	p.log.Info("process stopped", slog.Int64("calls", stats.Calls), slog.Int64("recorded", stats.Recorded),
		slog.Int64("stale", stats.Stale), slog.Int64("abandoned", stats.Abandoned))
	return errors.Join(errs...)
}
