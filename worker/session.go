package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/profullstack/meshhook/db"
)

const (
	beatEvery = 10 * time.Second
	silence   = 30 * time.Second // after so long without a heartbeat others take the work over
)

// openSession connects the session whose advisory lock says that the process lives.
func (p *Process) openSession(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, p.conf.Pool.Config().ConnConfig.Copy())
	if err != nil {
		return nil, fmt.Errorf("open liveness session: %w", err)
	}
	if err := db.New(conn).Hold(ctx, p.id); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("take liveness lock: %w", err)
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
		if conn = p.reopen(); conn == nil {
			return
		}
		p.alive.Store(true)
		p.log.Info("liveness session stands again")
	}
}

// silent tells that the process has not been heard of for so long that its work may be with others by now: it was frozen, or
// the database was away.
func (p *Process) silent() bool { return time.Now().UnixNano()-p.heard.Load() > int64(silence) }

func (p *Process) reopen() *pgx.Conn {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		conn, err := p.openSession(p.life)
		if err == nil {
			if err = db.New(conn).Rejoin(p.life, p.id, p.conf.Name, p.conf.Version); err == nil {
				return conn
			}
			_ = conn.Close(p.life)
		}
		if !pause(p.life, jitter(wait)) {
			return nil
		}
	}
}

// attend beats every ten seconds and in between listens on the connection, so that its end is noticed at once.
func (p *Process) attend(conn *pgx.Conn) error {
	queries := db.New(conn)
	for {
		ctx, cancel := context.WithTimeout(p.life, 5*time.Second)
		held, err := queries.Beat(ctx, p.id, p.held.list())
		if err == nil && held < 0 { // held for dead and forgotten, by mistake
			err = queries.Rejoin(ctx, p.id, p.conf.Name, p.conf.Version)
		}
		cancel()
		if err != nil {
			return err
		}
		p.heard.Store(time.Now().UnixNano())
		ctx, cancel = context.WithTimeout(p.life, beatEvery)
		for err == nil { // nothing is listened to, so nothing but the end comes
			_, err = conn.WaitForNotification(ctx)
		}
		timedOut := errors.Is(ctx.Err(), context.DeadlineExceeded)
		cancel()
		if !timedOut || conn.IsClosed() {
			return err
		}
	}
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
		if err := p.handBack(p.soft); err != nil && p.soft.Err() == nil {
			p.log.Warn("rows not handed back, their leases run out instead", slog.Any("error", err))
		}
	}
}

func (p *Process) wakeOnce(limit int32) (int, error) {
	ctx, cancel := context.WithTimeout(p.soft, 30*time.Second)
	defer cancel()
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
