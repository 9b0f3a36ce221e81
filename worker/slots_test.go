package worker_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/profullstack/meshhook/worker"
)

func TestSlotsGoToWhoeverWaitsFirst(t *testing.T) {
	s := worker.NewSlots(2)
	if n := s.TryTake(5); n != 2 {
		t.Fatalf("took %d of 2", n)
	}
	got := make(chan int, 2)
	ready := make(chan struct{})
	go func() { close(ready); _ = s.Acquire(t.Context()); got <- 1 }()
	<-ready
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if err := s.Acquire(ctx); !errors.Is(err, gone) {
		t.Errorf("a cancelled wait: %v", err)
	}
	s.Give(1)
	<-got
	s.Give(-3) // overdrawn
	s.Give(3)
	if n := s.TryTake(1); n != 0 {
		t.Errorf("took %d of none", n)
	}
	s.Give(2)
	if busy, total := s.Busy(); busy != 0 || total != 2 {
		t.Errorf("%d of %d busy", busy, total)
	}
	s.Close()
	if n := s.TryTake(1); n != 0 {
		t.Errorf("took %d after close", n)
	}
	if err := s.Acquire(t.Context()); err != nil {
		t.Errorf("what has been promised stays valid: %v", err)
	}
}

func TestSlotsAreNeverOverdrawnByThoseWhoAsk(t *testing.T) {
	s := worker.NewSlots(3)
	var held atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 100 {
				n := 1
				switch (i + j) % 3 {
				case 0:
					n = s.TryTake(2)
				case 1:
					ctx, cancel := context.WithCancel(t.Context())
					if j%2 == 0 {
						go cancel()
					}
					if s.Acquire(ctx) != nil {
						n = 0
					}
					cancel()
				default:
					_ = s.Acquire(t.Context())
				}
				if h := held.Add(int64(n)); h > 3 {
					t.Errorf("%d slots held of 3", h)
				}
				held.Add(int64(-n))
				s.Give(n)
			}
		})
	}
	wg.Wait()
	if busy, _ := s.Busy(); busy != 0 {
		t.Errorf("%d slots are lost", busy)
	}
}
