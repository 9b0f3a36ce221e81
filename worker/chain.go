package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/profullstack/meshhook/db"
)

// A chain goes on with a run's next calls as long as deliver returns some, but not for ever: after so many calls or so
// long, the run queues up again like everybody else's.
const (
	chainCalls = 16
	chainTime  = 20 * time.Second
)

// chain is the work done under one queue row, or since one launch.
type chain struct {
	begun     time.Time
	calls     atomic.Int32
	viaRiver  bool
	branches  sync.WaitGroup // for River's jobs: calls beside the one at hand
	abandoned atomic.Bool    // work was given up or may have been missed; the row must become available again
}

// follow does an item and what deliver returns after it. held tells that a slot is reserved for it.
func (p *Process) follow(item *Item, held bool, c *chain) {
	for item != nil {
		job := item.Job
		p.held.add(job)
		ctx, release := p.inHand.take(p.hard, item)
		result := p.do(ctx, item, held)
		release()
		if result == nil {
			p.held.remove(job)
			c.giveUp(p, item)
			return
		}
		result.Take = c.calls.Add(1) < chainCalls && time.Since(c.begun) < chainTime && p.soft.Err() == nil
		next, stale, ok := p.deliver(result)
		p.held.remove(job)
		if result.heavy() {
			p.slots.Give(1)
		}
		if !ok {
			c.giveUp(p, item)
			return
		}
		if stale {
			// It may be that this very result was recorded by a commit whose answer was lost, and with it the calls that it
			// leased to us. Whoever claims the row next finds them; mostly there is no such row any more.
			c.letGo(p, job)
			return
		}
		item, held = nil, true // deliver reserved a slot for each call that it returned
		for i, more := range next {
			if i == 0 {
				item = more
				continue
			}
			branch := func() { p.follow(more, true, c) }
			if c.viaRiver {
				c.branches.Go(branch)
			} else {
				p.tasks.Go(branch)
			}
		}
	}
}

func (c *chain) giveUp(p *Process, item *Item) {
	p.counters.abandoned.Add(1)
	c.letGo(p, item.Job)
}

// letGo sees to it that the row becomes available to everybody, if it is there and still ours.
func (c *chain) letGo(p *Process, job int64) {
	c.abandoned.Store(true)
	if !c.viaRiver {
		p.returned.add(job)
	}
}

// do waits out an item's delay and makes its call; nil when the process stops first, or has been silent for so long that
// somebody else makes it. The slot is free when it returns, but
// for a heavy result: that one keeps it until it is delivered, which bounds the memory that results waiting can take.
func (p *Process) do(ctx context.Context, item *Item, held bool) *Result {
	if item.Refused != nil {
		if held {
			p.slots.Give(1)
		}
		result := item.result()
		result.Error = item.Refused
		return result
	}
	if item.AfterMS > 0 || item.Kind == kindTimer {
		// Waiting is not calling: others may have the slot meanwhile.
		if held {
			p.slots.Give(1)
			held = false
		}
		wait, stop := context.WithCancel(p.soft)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		if !pause(wait, time.Duration(item.AfterMS)*time.Millisecond) {
			return nil
		}
		if item.Kind == kindTimer {
			return item.result()
		}
	}
	if !held {
		if err := p.slots.Acquire(p.soft); err != nil {
			return nil
		}
	}
	if p.silent() || ctx.Err() != nil {
		p.slots.Give(1)
		return nil
	}
	p.counters.calls.Add(1)
	result := p.conf.Caller.Do(ctx, item)
	if result == nil || !result.heavy() {
		p.slots.Give(1)
	}
	return result
}

// workJob does what a job claimed through River holds. It answers only when nothing of it is left to do here, because
// River may mark the row as soon as it does.
func (p *Process) workJob(ctx context.Context, job int64) error {
	p.counters.claimed.Add(1)
	p.held.add(job) // from now on somebody knows of the claim
	defer p.held.remove(job)
	if err := p.slots.Acquire(p.soft); err != nil {
		return river.JobSnooze(0) // stopping: available again at once, for somebody else
	}
	items, err := p.begin(ctx, job)
	if err != nil || len(items) == 0 {
		p.slots.Give(1)
		return err
	}
	c := &chain{begun: time.Now(), viaRiver: true}
	for _, item := range items[1:] {
		c.branches.Go(func() { p.follow(item, false, c) })
	}
	p.follow(items[0], true, c)
	c.branches.Wait()
	if c.abandoned.Load() {
		return river.JobSnooze(0)
	}
	return nil
}

// begin asks what the job holds, for as long as the database can not be asked.
func (p *Process) begin(ctx context.Context, job int64) ([]*Item, error) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		if !p.alive.Load() { // while nobody sees us alive, others may be claiming the same job
			if !pause(p.soft, 50*time.Millisecond) {
				return nil, river.JobSnooze(0)
			}
			continue
		}
		out, err := p.begins.Submit(ctx, job)
		if err == nil {
			err = out.err
		}
		if err == nil || isRefusal(err) {
			return out.items, err
		}
		if !errors.Is(err, db.ErrGroupFull) && p.soft.Err() == nil {
			if untold, tell := p.nobegin.Now(); tell {
				p.log.Warn("job not begun, trying again", slog.Int64("job", job), slog.Any("error", err), slog.Int64("untold", untold))
			}
		}
		if !pause(p.soft, jitter(wait)) || ctx.Err() != nil {
			return nil, river.JobSnooze(0)
		}
	}
}
