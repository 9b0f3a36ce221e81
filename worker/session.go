package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db"
)

const (
	beatEvery = 10 * time.Second
	pingEvery = 2500 * time.Millisecond
	silence   = 30 * time.Second // after so long without a heartbeat others take the work over
	answer    = 5 * time.Second  // a session that takes longer to answer is lost
)

// openSession connects the session whose advisory lock says that the process lives.
// again says that the process had one before: should the server still think so, that one is ended, for the server may not
// know for hours.
func (p *Process) openSession(ctx context.Context, again bool) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, p.conf.Pool.Config().ConnConfig.Copy())
	if err != nil {
		return nil, fmt.Errorf("open liveness session: %w", err)
	}
	queries := db.New(conn)
	if again {
		err = queries.Evict(ctx, p.id)
	}
	if err == nil {
		err = queries.Hold(ctx, p.id)
	}
	if err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("take liveness lock: %w", err)
	}
	if _, err := conn.Exec(ctx, "listen "+endedChannel); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("listen for runs that end: %w", err)
	}
	return conn, nil
}

// keepSession beats on the session, and when it is lost takes no work until it stands again.
func (p *Process) keepSession(conn *pgx.Conn) {
	defer p.alive.Store(false)
	for {
		err := p.attend(conn)
		closing, cancel := context.WithTimeout(context.WithoutCancel(p.life), time.Second)
		_ = conn.Close(closing)
		cancel()
		if p.life.Err() != nil {
			return
		}
		p.alive.Store(false)
		p.log.Warn("liveness session lost, taking no work until it stands again", slog.Any("error", err))
		if errors.Is(err, context.DeadlineExceeded) {
			// A connection that fell silent speaks for the others, each of which would take its time to be found out.
			p.conf.Pool.Reset()
			p.link.cut()
		}
		if conn = p.reopen(); conn == nil {
			return
		}
		p.alive.Store(true)
		p.heard.Store(time.Now().UnixNano())
		p.Doubt()
		p.log.Info("liveness session stands again")
	}
}

// silent tells that the process has not been heard of for so long that its work may be with others by now: it was frozen, or
// the database was away.
func (p *Process) silent() bool { return time.Now().UnixNano()-p.heard.Load() > int64(silence) }

func (p *Process) reopen() *pgx.Conn {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		conn, err := p.openSession(p.life, true)
		if err == nil {
			ctx, cancel := context.WithTimeout(p.life, answer)
			err = db.New(conn).Rejoin(ctx, p.id, p.conf.Name, p.conf.Version)
			cancel()
			if err == nil {
				return conn
			}
			closing, cancel := context.WithTimeout(context.WithoutCancel(p.life), time.Second)
			_ = conn.Close(closing)
			cancel()
		}
		if !pause(p.life, jitter(wait)) {
			return nil
		}
	}
}

// attend beats every ten seconds. In between it listens on the connection, for runs that somebody ended and so that its own end
// is noticed at once, and asks whether anybody is still there, for a network that is gone tells nobody.
func (p *Process) attend(conn *pgx.Conn) error {
	queries := db.New(conn)
	for {
		ctx, cancel := context.WithTimeout(p.life, answer)
		held, err := queries.Beat(ctx, p.id, p.held.list())
		if err == nil && held < 0 { // held for dead and forgotten, by mistake
			err = queries.Rejoin(ctx, p.id, p.conf.Name, p.conf.Version)
		}
		cancel()
		if err != nil {
			return err
		}
		p.heard.Store(time.Now().UnixNano())
		ctx, cancel = context.WithTimeout(p.life, answer)
		err = p.askUnwanted(ctx, queries.Unwanted)
		cancel()
		for beat := time.Now().Add(beatEvery); err == nil && time.Now().Before(beat); {
			if err = p.listen(conn); err == nil {
				ctx, cancel := context.WithTimeout(p.life, answer)
				err = conn.Ping(ctx)
				cancel()
			}
		}
		if err != nil {
			return err
		}
	}
}

// listen hears for a while which runs somebody ended, and whether the connection ends.
func (p *Process) listen(conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(p.life, pingEvery)
	defer cancel()
	for {
		note, err := conn.WaitForNotification(ctx)
		switch {
		case err == nil:
			p.inHand.letGo(note.Payload)
		case errors.Is(ctx.Err(), context.DeadlineExceeded) && !conn.IsClosed():
			return nil
		default:
			return err
		}
	}
}

// link is what statements under way depend on besides their own time: it ends, and a new one begins, when the network
// to the database is found to be gone.
type link struct {
	mu  sync.Mutex
	ctx context.Context
	end context.CancelCauseFunc
}

var errLinkCut = errors.New("the database fell silent")

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != nil {
		l.end(errLinkCut)
	}
	l.ctx, l.end = nil, nil
}

// with is ctx for as long as the link stands; done must be called.
func (l *link) with(ctx context.Context) (_ context.Context, done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		l.ctx, l.end = context.WithCancelCause(context.Background())
	}
	linked := l.ctx
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(linked, func() { cancel(context.Cause(linked)) })
	return ctx, func() { stop(); cancel(nil) }
}

// wakeLoop asks the database about once a second what time has brought about, and again at once while there is more.
// A process that has had nothing to do for a while asks half as often.
func (p *Process) wakeLoop() {
	const limit, calm = 200, 20
	quiet, before := 0, int64(-1)
	for {
		did, err := p.wakeOnce(limit)
		work := p.counters.claimed.Load() + p.counters.eager.Load() + p.counters.recorded.Load()
		if quiet++; did > 0 || work != before {
			quiet, before = 0, work
		}
		wait := jitter(time.Second)
		switch {
		case err != nil && p.soft.Err() == nil:
			p.log.Warn("wake failed", slog.Any("error", err))
		case did >= limit:
			wait = 0
		case did > 0:
			wait = 100 * time.Millisecond
		case quiet > calm:
			wait *= 2
		}
		if !pause(p.soft, wait) {
			return
		}
		if time.Now().UnixNano() < p.doubtful.Load() {
			p.recall()
		}
		if err := p.handBack(p.soft); err != nil && p.soft.Err() == nil {
			p.log.Warn("rows not handed back, their leases run out instead", slog.Any("error", err))
		}
	}
}

func (p *Process) wakeOnce(limit int32) (int, error) {
	ctx, cancel := context.WithTimeout(p.soft, 30*time.Second)
	defer cancel()
	ctx, done := p.link.with(ctx)
	defer done()
	rows, err := p.queries.Wake(ctx, p.id, limit)
	if err != nil {
		return 0, err
	}
	most := 0
	for _, row := range rows {
		most = max(most, int(row.Did))
	}
	return most, nil
}

// upkeepLoop looks after partitions and the like, soon after the start and then every hour.
func (p *Process) upkeepLoop() {
	wait := time.Duration(rand.Int64N(int64(10 * time.Second)))
	for pause(p.soft, wait) {
		ctx, cancel := context.WithTimeout(p.soft, 10*time.Minute)
		if _, err := p.queries.Upkeep(ctx); err != nil && p.soft.Err() == nil {
			p.log.Warn("upkeep failed", slog.Any("error", err))
		}
		cancel()
		wait = jitter(time.Hour)
	}
}

// jitter keeps processes that started together from asking together: the duration, give or take a fifth.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + time.Duration(rand.Int64N(int64(d*2/5)+1))
}

// pause waits and tells whether it waited to the end.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
