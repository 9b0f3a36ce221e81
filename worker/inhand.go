package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// errUnwanted cancels a call whose run has ended, or whose step was gone past: nobody wants its result. Its row is handed back,
// should it still be there.
var errUnwanted = errors.New("the run does not wait for this call any more")

// endedChannel is where the database names runs that somebody ended, or "run step" for a step that somebody went past. A hint:
// the heartbeat asks about everything in hand.
const endedChannel = "meshhook_ended"

// grip is what an item in hand is called by.
type grip struct {
	run, step string
	attempt   int
}

// inHand are the items that the process works on right now, each with what lets go of it.
type inHand struct {
	mu   sync.Mutex
	next int
	all  map[int]handful
}

type handful struct {
	grip
	cancel context.CancelCauseFunc
}

// take notes an item and returns the context its work is done in; release must be called when it is done.
func (h *inHand) take(ctx context.Context, item *Item) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = map[int]handful{}
	}
	h.next++
	key := h.next
	h.all[key] = handful{grip{item.Run, item.Step, item.Attempt}, cancel}
	return ctx, func() {
		h.mu.Lock()
		delete(h.all, key)
		h.mu.Unlock()
		cancel(nil)
	}
}

func (h *inHand) list() []handful {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.all))
}

// letGo cancels what a notification names: a run, or "run step".
func (h *inHand) letGo(payload string) {
	run, step, one := strings.Cut(payload, " ")
	for _, i := range h.list() {
		if i.run == run && (!one || i.step == step) {
			i.cancel(errUnwanted)
		}
	}
}

// askUnwanted asks which of the items in hand nobody wants any more, and lets go of them.
func (p *Process) askUnwanted(ctx context.Context, ask func(ctx context.Context, runs []uuid.UUID, steps []string, attempts []int32) ([]int32, error)) error {
	list := p.inHand.list()
	if len(list) == 0 {
		return nil
	}
	runs, steps, attempts := make([]uuid.UUID, len(list)), make([]string, len(list)), make([]int32, len(list))
	for k, i := range list {
		run, err := uuid.Parse(i.run)
		if err != nil {
			return fmt.Errorf("run in hand: %w", err)
		}
		runs[k], steps[k], attempts[k] = run, i.step, int32(i.attempt)
	}
	unwanted, err := ask(ctx, runs, steps, attempts)
	if err != nil {
		return err
	}
	for _, n := range unwanted {
		if n >= 1 && int(n) <= len(list) {
			list[n-1].cancel(errUnwanted)
		}
	}
	return nil
}
