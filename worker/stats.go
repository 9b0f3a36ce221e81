package worker

import (
	"sync"
	"sync/atomic"
)

// Stats are a process's counts since its start.
type Stats struct {
	Claimed   int64 // jobs taken through River
	Eager     int64 // calls taken along by the door
	Calls     int64 // attempts made
	Recorded  int64 // results recorded
	Stale     int64 // results that came too late: late, twice, or of a run that had ended
	Abandoned int64 // calls given up because the process stopped, or may have been taken over by others
	Batches   int64 // deliver transactions
	Waiting   int   // results not yet in a transaction
	Busy      int   // call slots taken
	Slots     int   // call slots in all
}

type counters struct {
	claimed, eager, calls, recorded, stale, abandoned, batches atomic.Int64
}

func (c *counters) batch(int, error) { c.batches.Add(1) }

// Stats reads the counts.
func (p *Process) Stats() Stats {
	busy, slots := p.slots.Busy()
	c := &p.counters
	return Stats{
		Claimed: c.claimed.Load(), Eager: c.eager.Load(), Calls: c.calls.Load(), Recorded: c.recorded.Load(),
		Stale: c.stale.Load(), Abandoned: c.abandoned.Load(), Batches: c.batches.Load(),
		Waiting: p.delivers.Waiting(), Busy: busy, Slots: slots,
	}
}

// watchers are those who wait for a run to end, or to answer its caller, in this process.
type watchers struct {
	count atomic.Int32 // spares the lock while nobody waits
	mu    sync.Mutex
	runs  map[string][]chan struct{}
}

// Watch tells when this process has recorded something of the run: it may have ended, or answered. It is a hint: the run
// may go on elsewhere. The caller calls forget when it waits no longer.
func (p *Process) Watch(run string) (moved <-chan struct{}, forget func()) {
	w := &p.watchers
	ch := make(chan struct{}, 1) // one hint that nobody has taken yet is as good as several
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs == nil {
		w.runs = map[string][]chan struct{}{}
	}
	w.runs[run] = append(w.runs[run], ch)
	w.count.Add(1)
	return ch, func() { w.forget(run, ch) }
}

func (w *watchers) forget(run string, ch chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.runs[run]
	for i, other := range list {
		if other == ch {
			w.count.Add(-1)
			if list = append(list[:i], list[i+1:]...); len(list) == 0 {
				delete(w.runs, run)
			} else {
				w.runs[run] = list
			}
			return
		}
	}
}

func (w *watchers) tell(run string) {
	if w.count.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range w.runs[run] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
