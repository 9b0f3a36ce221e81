package db

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// ErrGroupFull is answered at once when the queue of a Group holds all it may hold.
var ErrGroupFull = errors.New("group queue is full")

// ErrGroupClosed is answered when an item comes after Close.
var ErrGroupClosed = errors.New("group is closed")

// GroupConfig bounds a Group.
type GroupConfig[T any] struct {
	Flushers  int                    // batches under way at once; 1 when zero
	MaxItems  int                    // items a batch; 200 when zero
	MaxQueue  int                    // items waiting for a batch to be taken; 4096 when zero
	MaxWeight int                    // weight a batch, as told by Weigh; unbounded when zero
	Weigh     func(item T) int       // weight of an item, nil counts nothing
	Timeout   time.Duration          // limit of one call of the flush function; none when zero
	Done      func(n int, err error) // told the size and outcome of each batch; may be nil
}

// Flushers is how many batches of one kind a process should have under way at once: two where there are processors for
// them. On two processors a second one halves the batches and wins nothing.
func Flushers() int { return min(2, max(1, runtime.GOMAXPROCS(0)/2)) }

// Group turns concurrent calls into few: items submitted while all flushers are busy travel together in the next batch.
// There is no timer. On an idle group an item is a batch of its own and waits for nobody; under load batches grow by
// themselves, because more items arrive while one is being written.
//
// An item once taken is flushed even if the caller that submitted it has gone: a cancelled wait loses an answer, never
// an effect.
type Group[T, R any] struct {
	flush func(ctx context.Context, items []T) ([]R, error)
	conf  GroupConfig[T]

	mu      sync.Mutex
	idle    sync.Cond // signalled when the last flusher has stopped
	queue   []*batch[T, R]
	waiting int // items in queue
	running int // flushers at work
	closed  bool
}

type batch[T, R any] struct {
	items   []T
	weight  int
	done    chan struct{} // closed once results and err are set
	results []R
	err     error
}

// NewGroup makes a group around flush, which must answer one result for each item, in their order. Its context is that
// of no caller; it ends with Timeout.
func NewGroup[T, R any](conf GroupConfig[T], flush func(ctx context.Context, items []T) ([]R, error)) *Group[T, R] {
	if conf.Flushers <= 0 {
		conf.Flushers = 1
	}
	if conf.MaxItems <= 0 {
		conf.MaxItems = 200
	}
	if conf.MaxQueue <= 0 {
		conf.MaxQueue = 4096
	}
	g := &Group[T, R]{flush: flush, conf: conf}
	g.idle.L = &g.mu
	return g
}

// Submit adds the item to a batch and waits for its result, or for ctx. An error of the flush function goes to every
// item of the batch.
func (g *Group[T, R]) Submit(ctx context.Context, item T) (R, error) {
	var none R
	if err := ctx.Err(); err != nil {
		return none, err
	}
	b, i, err := g.enqueue(item)
	if err != nil {
		return none, err
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
	if b.err != nil {
		return none, b.err
	}
	return b.results[i], nil
}

// Waiting tells how many items no flusher has taken yet.
func (g *Group[T, R]) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting
}

// Close refuses further items and waits until all that were taken are flushed, or for ctx.
func (g *Group[T, R]) Close(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	stop := context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.idle.Broadcast()
	})
	defer stop()
	for g.running > 0 && ctx.Err() == nil {
		g.idle.Wait()
	}
	if g.running > 0 {
		return fmt.Errorf("drain group: %w", context.Cause(ctx))
	}
	return nil
}

func (g *Group[T, R]) enqueue(item T) (*batch[T, R], int, error) {
	weight := 0
	if g.conf.Weigh != nil {
		weight = g.conf.Weigh(item)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return nil, 0, ErrGroupClosed
	case g.waiting >= g.conf.MaxQueue:
		return nil, 0, ErrGroupFull
	}
	var last *batch[T, R]
	if n := len(g.queue); n > 0 {
		last = g.queue[n-1]
	}
	if last == nil || len(last.items) >= g.conf.MaxItems ||
		g.conf.MaxWeight > 0 && last.weight+weight > g.conf.MaxWeight {
		last = &batch[T, R]{done: make(chan struct{})}
		g.queue = append(g.queue, last)
	}
	last.items = append(last.items, item)
	last.weight += weight
	g.waiting++
	if g.running < g.conf.Flushers {
		g.running++
		go g.run()
	}
	return last, len(last.items) - 1, nil
}

// run flushes batch after batch until none waits.
func (g *Group[T, R]) run() {
	for {
		g.mu.Lock()
		if len(g.queue) == 0 {
			g.running--
			if g.running == 0 {
				g.idle.Broadcast()
			}
			g.mu.Unlock()
			return
		}
		b := g.queue[0]
		g.queue[0] = nil
		g.queue = g.queue[1:]
		if len(g.queue) == 0 {
			g.queue = nil // lets the array behind go, which only ever grew
		}
		g.waiting -= len(b.items)
		g.mu.Unlock()

		b.results, b.err = g.call(b.items)
		if g.conf.Done != nil {
			g.conf.Done(len(b.items), b.err)
		}
		close(b.done)
	}
}

func (g *Group[T, R]) call(items []T) (results []R, err error) {
	defer func() {
		if p := recover(); p != nil {
			results, err = nil, fmt.Errorf("flush group: panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx := context.Background()
	if g.conf.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.conf.Timeout)
		defer cancel()
	}
	results, err = g.flush(ctx, items)
	if err == nil && len(results) != len(items) {
		err = fmt.Errorf("flush group: %d results for %d items", len(results), len(items))
	}
	return results, err
}
