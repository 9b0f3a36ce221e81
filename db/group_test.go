package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/profullstack/meshhook/db"
)

// gate is a flush function that stops at the door until the test lets it through.
type gate struct {
	entered chan []int
	open    chan error
}

func newGate() *gate { return &gate{entered: make(chan []int), open: make(chan error)} }

func (g *gate) flush(_ context.Context, items []int) ([]int, error) {
	g.entered <- append([]int(nil), items...)
	if err := <-g.open; err != nil {
		return nil, err
	}
	results := make([]int, len(items))
	for i, item := range items {
		results[i] = -item
	}
	return results, nil
}

// waitFor polls until ok or the test's patience ends.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s did not come about", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestGroupGathersWhatComesDuringAFlush(t *testing.T) {
	g := newGate()
	group := db.NewGroup(db.GroupConfig[int]{MaxItems: 3}, g.flush)
	var done sync.WaitGroup
	answers := make([]int, 6)
	submit := func(i int) {
		done.Go(func() {
			answer, err := group.Submit(t.Context(), i)
			if err != nil {
				t.Errorf("submit %d: %v", i, err)
			}
			answers[i] = answer
		})
	}
	submit(0)
	if first := <-g.entered; len(first) != 1 {
		t.Fatalf("an idle group made a batch of %d, want 1", len(first))
	}
	for i := 1; i <= 5; i++ {
		submit(i)
	}
	waitFor(t, "five waiting items", func() bool { return group.Waiting() == 5 })
	sizes := []int{}
	g.open <- nil
	for range 2 {
		sizes = append(sizes, len(<-g.entered))
		g.open <- nil
	}
	done.Wait()
	if sizes[0] != 3 || sizes[1] != 2 {
		t.Errorf("batches of %v, want [3 2]", sizes)
	}
	for i, answer := range answers {
		if answer != -i {
			t.Errorf("item %d got the answer %d", i, answer)
		}
	}
}

func TestGroupFullRefusesAtOnce(t *testing.T) {
	g := newGate()
	group := db.NewGroup(db.GroupConfig[int]{MaxItems: 2, MaxQueue: 2}, g.flush)
	var done sync.WaitGroup
	submit := func() { done.Go(func() { _, _ = group.Submit(t.Context(), 1) }) }
	submit()
	<-g.entered
	submit()
	submit()
	waitFor(t, "two waiting items", func() bool { return group.Waiting() == 2 })
	if _, err := group.Submit(t.Context(), 9); !errors.Is(err, db.ErrGroupFull) {
		t.Errorf("a fourth item got %v, want ErrGroupFull", err)
	}
	g.open <- nil
	<-g.entered
	g.open <- nil
	done.Wait()
}

func TestGroupErrorGoesToEveryMember(t *testing.T) {
	g := newGate()
	group := db.NewGroup(db.GroupConfig[int]{}, g.flush)
	errs := make(chan error, 3)
	submit := func() { go func() { _, err := group.Submit(t.Context(), 1); errs <- err }() }
	submit()
	<-g.entered
	submit()
	submit()
	waitFor(t, "two waiting items", func() bool { return group.Waiting() == 2 })
	g.open <- nil
	if err := <-errs; err != nil {
		t.Errorf("the first batch failed: %v", err)
	}
	<-g.entered
	boom := errors.New("boom")
	g.open <- boom
	for range 2 {
		if err := <-errs; !errors.Is(err, boom) {
			t.Errorf("a member got %v, want boom", err)
		}
	}
}

func TestGroupTurnsPanicsAndShortAnswersIntoErrors(t *testing.T) {
	group := db.NewGroup(db.GroupConfig[int]{}, func(_ context.Context, items []int) ([]int, error) {
		if items[0] == 0 {
			panic("on purpose")
		}
		return nil, nil
	})
	for i := range 2 {
		if _, err := group.Submit(t.Context(), i); err == nil {
			t.Errorf("item %d was answered", i)
		}
	}
}

func TestGroupCancelledWaitKeepsTheEffect(t *testing.T) {
	g := newGate()
	group := db.NewGroup(db.GroupConfig[int]{}, g.flush)
	go func() { _, _ = group.Submit(context.Background(), 1) }()
	<-g.entered
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := group.Submit(ctx, 2); gone <- err }()
	waitFor(t, "one waiting item", func() bool { return group.Waiting() == 1 })
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled wait got %v", err)
	}
	g.open <- nil
	if items := <-g.entered; len(items) != 1 || items[0] != 2 {
		t.Errorf("flushed %v, want the item whose caller had gone", items)
	}
	g.open <- nil
	if err := group.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGroupCloseDrainsAndRefuses(t *testing.T) {
	g := newGate()
	group := db.NewGroup(db.GroupConfig[int]{}, g.flush)
	result := make(chan error, 1)
	go func() { _, err := group.Submit(t.Context(), 1); result <- err }()
	<-g.entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := group.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("close with a flush under way and a dead context: %v", err)
	}
	if _, err := group.Submit(t.Context(), 2); !errors.Is(err, db.ErrGroupClosed) {
		t.Errorf("submit after close: %v", err)
	}
	g.open <- nil
	if err := group.Close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-result; err != nil {
		t.Errorf("an item taken before close: %v", err)
	}
}

func TestGroupSplitsByWeight(t *testing.T) {
	g := newGate()
	group := db.NewGroup(db.GroupConfig[int]{MaxWeight: 10, Weigh: func(n int) int { return n }}, g.flush)
	var done sync.WaitGroup
	submit := func(n int) { done.Go(func() { _, _ = group.Submit(t.Context(), n) }) }
	submit(1)
	<-g.entered
	for i, n := range []int{6, 6, 50, 1} {
		submit(n)
		waitFor(t, "the next waiting item", func() bool { return group.Waiting() == i+1 })
	}
	for i := range 4 {
		g.open <- nil
		if items := <-g.entered; len(items) != 1 {
			t.Errorf("batch %d is %v, want one item", i, items)
		}
	}
	g.open <- nil
	done.Wait()
}

// Whatever the bounds and whoever gives up: every taken item is flushed exactly once, each answer belongs to its item,
// no batch exceeds its bound and no more flushers run than allowed.
func TestGroupProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flushers := rapid.IntRange(1, 3).Draw(t, "flushers")
		maxItems := rapid.IntRange(1, 20).Draw(t, "max items")
		callers := rapid.IntRange(1, 40).Draw(t, "callers")
		each := rapid.IntRange(1, 20).Draw(t, "items a caller")
		failEvery := rapid.IntRange(0, 4).Draw(t, "fail every")
		giveUp := rapid.IntRange(0, 5).Draw(t, "give up every")

		var batches, at atomic.Int64
		var mu sync.Mutex
		seen := map[int]int{}
		boom := errors.New("boom")
		group := db.NewGroup(db.GroupConfig[int]{Flushers: flushers, MaxItems: maxItems, MaxQueue: 200},
			func(_ context.Context, items []int) ([]string, error) {
				if n := at.Add(1); n > int64(flushers) {
					t.Errorf("%d flushers at once", n)
				}
				defer at.Add(-1)
				if len(items) > maxItems || len(items) == 0 {
					t.Errorf("a batch of %d", len(items))
				}
				mu.Lock()
				for _, item := range items {
					seen[item]++
				}
				mu.Unlock()
				if n := batches.Add(1); failEvery > 0 && n%int64(failEvery) == 0 {
					return nil, boom
				}
				answers := make([]string, len(items))
				for i, item := range items {
					answers[i] = fmt.Sprint(item)
				}
				return answers, nil
			})

		var refused atomic.Int64
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for i := range each {
					item := c*1000 + i
					ctx, cancel := context.WithCancel(context.Background())
					if giveUp > 0 && item%giveUp == 0 {
						go cancel()
					}
					answer, err := group.Submit(ctx, item)
					cancel()
					switch {
					case err == nil && answer != fmt.Sprint(item):
						t.Errorf("item %d got the answer %s", item, answer)
					case errors.Is(err, db.ErrGroupFull):
						refused.Add(1)
					case err != nil && !errors.Is(err, boom) && !errors.Is(err, context.Canceled):
						t.Errorf("item %d: %v", item, err)
					}
				}
			})
		}
		wg.Wait()
		if err := group.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		for item, n := range seen {
			if n != 1 {
				t.Errorf("item %d was flushed %d times", item, n)
			}
		}
		if giveUp == 0 && int64(len(seen))+refused.Load() != int64(callers*each) {
			t.Errorf("%d flushed and %d refused of %d", len(seen), refused.Load(), callers*each)
		}
	})
}

func BenchmarkGroup(b *testing.B) {
	group := db.NewGroup(db.GroupConfig[int]{Flushers: 2}, func(_ context.Context, items []int) ([]int, error) { return items, nil })
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := group.Submit(context.Background(), 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
