package worker_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/profullstack/meshhook/worker"
)

func TestSeldomTellsOneOfMany(t *testing.T) {
	var s worker.Seldom
	var told, untold atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if before, tell := s.Now(); tell {
				told.Add(1)
				untold.Add(before)
			}
		})
	}
	all.Wait()
	if told.Load() != 1 || untold.Load() > 99 {
		t.Errorf("%d were told, %d before them were not", told.Load(), untold.Load())
	}
}
