package worker

import (
	"sync/atomic"
	"time"
)

// Seldom keeps a log readable: of what befalls many at once, from one cause, it lets one in five seconds be told.
type Seldom struct {
	next   atomic.Int64 // nanoseconds since 1970
	untold atomic.Int64
}

// Now says whether this one is to be told, and how many before it were not.
func (s *Seldom) Now() (untold int64, tell bool) {
	now := time.Now()
	next := s.next.Load()
	if now.UnixNano() < next || !s.next.CompareAndSwap(next, now.Add(5*time.Second).UnixNano()) {
		s.untold.Add(1)
		return 0, false
	}
	return s.untold.Swap(0), true
}
