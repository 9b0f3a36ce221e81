package worker

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
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
