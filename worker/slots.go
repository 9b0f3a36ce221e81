package worker

import (
	"context"
	"sync"
)

// Slots are the calls that a process may have under way at once, shared by all who make calls.
type Slots struct {
	mu      sync.Mutex
	total   int
	free    int
	waiting []chan struct{} // first come, first served; before anybody who merely tries
	closed  bool
}

// NewSlots makes n slots.
func NewSlots(n int) *Slots { return &Slots{total: n, free: n} }

// TryTake takes up to n slots that are free now and tells how many it got.
func (s *Slots) TryTake(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.waiting) > 0 {
		return 0
	}
	got := max(0, min(n, s.free))
	s.free -= got
	return got
}

// Acquire waits for a slot.
func (s *Slots) Acquire(ctx context.Context) error {
	s.mu.Lock()
	if s.free > 0 && len(s.waiting) == 0 {
		s.free--
		s.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	s.waiting = append(s.waiting, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.waiting {
		if other == turn {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return context.Cause(ctx)
		}
	}
	s.give(1) // the turn came at the same moment
	return context.Cause(ctx)
}

// Give returns n slots. n may be negative: work that is here anyway takes slots that are not there, and repays them.
func (s *Slots) Give(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.give(n)
}

func (s *Slots) give(n int) {
	s.free += n
	for s.free > 0 && len(s.waiting) > 0 {
		close(s.waiting[0])
		s.waiting = s.waiting[1:]
		s.free--
	}
}

// Close lets TryTake find nothing from now on; slots given out stay valid.
func (s *Slots) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// Busy tells how many slots are taken, of how many.
func (s *Slots) Busy() (busy, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total - s.free, s.total
}
