package worker

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// heldJobs are the queue rows that this process works under, with how many of their calls are in its hands. The heartbeat
// names them: a lease that was committed but never reached the process is not among them, and runs out.
type heldJobs struct {
	mu   sync.Mutex
	jobs map[int64]int
}

func (h *heldJobs) add(job int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.jobs == nil {
		h.jobs = map[int64]int{}
	}
	h.jobs[job]++
}

func (h *heldJobs) remove(job int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.jobs[job]--; h.jobs[job] <= 0 {
		delete(h.jobs, job)
	}
}

func (h *heldJobs) has(job int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.jobs[job] > 0
}

func (h *heldJobs) list() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.jobs))
}

// returnedJobs are queue rows whose work was given up before it had a result, or may hold work that never came here.
type returnedJobs struct {
	mu   sync.Mutex
	jobs []int64
}

func (r *returnedJobs) add(job int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs = append(r.jobs, job)
}

// take empties the list, but for rows that another call here is still made under.
func (r *returnedJobs) take(held *heldJobs) []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var free, busy []int64
	for _, job := range r.jobs {
		if held.has(job) {
			busy = append(busy, job)
		} else {
			free = append(free, job)
		}
	}
	r.jobs = busy
	return free
}

// handBack makes the rows available to everybody, now. A row that is gone, or is somebody else's, is left alone.
func (p *Process) handBack(ctx context.Context) error {
	jobs := p.returned.take(&p.held)
	if len(jobs) == 0 {
		return nil
	}
	released, err := p.queries.Release(ctx, p.id, jobs)
	if err != nil {
		// Nothing is lost: their leases run out, or end with this process's session.
		return fmt.Errorf("hand back %d jobs: %w", len(jobs), err)
	}
	if released > 0 {
		p.log.Info("handed back", slog.Int("jobs", int(released)))
	}
	return nil
}

// Doubt tells that a statement which may have leased calls to this process got no answer. If it was committed all the same,
// nobody knows of those calls; for a while the process looks for them and hands them to everybody.
func (p *Process) Doubt() { p.doubtful.Store(time.Now().Add(10 * time.Second).UnixNano()) }

func (p *Process) recall() {
	ctx, cancel := context.WithTimeout(p.soft, 10*time.Second)
	defer cancel()
	ctx, done := p.link.with(ctx)
	defer done()
	n, err := p.queries.Recall(ctx, p.id, p.held.list())
	switch {
	case err != nil && p.soft.Err() == nil:
		p.Doubt()
		p.log.Warn("rows of ours that never came here not looked for", slog.Any("error", err))
	case n > 0:
		p.log.Info("handed on what never came here", slog.Int("jobs", int(n)))
	}
}
