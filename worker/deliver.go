package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db"
)

// begun is what a claimed job turned out to hold.
type begun struct {
	items []*Item
	err   error
}

// delivered is what the database said to a result: recorded or stale, and which calls come next.
type delivered struct {
	stale bool
	items []*Item
	err   error // this result alone was refused
}

func (p *Process) flushBegins(ctx context.Context, jobs []int64) ([]begun, error) {
	ctx, done := p.link.with(ctx)
	defer done()
	rows, err := p.queries.Begin(ctx, p.id, jobs)
	if err != nil {
		if isRefusal(err) && len(jobs) > 1 {
			return oneByOne(ctx, jobs, p.flushBegins, func(err error) begun { return begun{err: err} }), nil
		}
		return nil, fmt.Errorf("begin %d jobs: %w", len(jobs), err)
	}
	at := make(map[int64]int, len(rows))
	for i, row := range rows {
		at[row.Job] = i
	}
	out := make([]begun, len(jobs))
	for i, job := range jobs {
		if k, ok := at[job]; ok {
			out[i].items, out[i].err = ParseItems(rows[k].Calls)
		}
	}
	return out, nil
}

func (p *Process) flushDelivers(ctx context.Context, results []*Result) ([]delivered, error) {
	wanted := 0
	documents := make([]json.RawMessage, len(results))
	bodies := make([][]byte, len(results))
	for i, result := range results {
		document, err := json.Marshal(result)
		if err != nil {
			return nil, fmt.Errorf("encode result: %w", err)
		}
		documents[i], bodies[i] = document, result.Body
		if result.Take {
			wanted++
		}
	}
	take := 0
	if p.alive.Load() {
		take = p.slots.TryTake(wanted)
	}
	linked, done := p.link.with(ctx)
	defer done()
	rows, err := p.queries.Deliver(linked, db.DeliverParams{Process: p.id, Take: int32(take), Results: documents, Bodies: bodies})
	if err != nil {
		// Should the commit have happened after all, delivering again finds the attempts closed: stale, and nothing is done twice.
		// Calls that it leased to us are then known to nobody here.
		p.slots.Give(take)
		if isRefusal(err) && len(results) > 1 {
			return oneByOne(ctx, results, p.flushDelivers, func(err error) delivered { return delivered{err: err} }), nil
		}
		p.Doubt()
		return nil, fmt.Errorf("deliver %d results: %w", len(results), err)
	}
	out := make([]delivered, len(results))
	for _, row := range rows {
		i := int(row.Item) - 1
		if i < 0 || i >= len(out) {
			continue
		}
		items, err := ParseItems(row.Calls)
		if err != nil {
			p.log.Error("leased calls can not be read", slog.String("run", row.RunID), slog.Any("error", err))
		}
		take -= len(items)
		out[i].items = items
		if out[i].stale = row.Verdict == "stale"; out[i].stale {
			p.counters.stale.Add(1)
		} else {
			p.counters.recorded.Add(1)
			p.watchers.tell(row.RunID)
		}
	}
	p.slots.Give(take) // negative when more calls came than were asked for
	return out, nil
}

// oneByOne repeats a refused batch item by item, so that one bad item does not fail its neighbours.
func oneByOne[T, R any](ctx context.Context, items []T, flush func(context.Context, []T) ([]R, error), refused func(error) R) []R {
	out := make([]R, len(items))
	for i := range items {
		one, err := flush(ctx, items[i:i+1])
		if err != nil {
			out[i] = refused(err)
			continue
		}
		out[i] = one[0]
	}
	return out
}

// isRefusal tells that the database ran the statement and said no to its content; not that it could not be asked.
func isRefusal(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || db.IsUnavailable(err) {
		return false
	}
	switch pg.Code[:2] {
	case "40", "55", "57": // serialization, deadlock, lock not available, cancelled: the same may pass next time
		return false
	}
	return true
}

// deliver hands a result to the database until it is recorded, known to be stale, or the process gives up; ok is false in
// the last case. stale tells that it came too late. A result that is refused again and again is replaced by an error that says so, so that the run goes on.
func (p *Process) deliver(result *Result) (next []*Item, stale, ok bool) {
	refusals := 0
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		out, err := p.delivers.Submit(p.hard, result)
		if err == nil {
			err = out.err
		}
		if err == nil {
			return out.items, out.stale, true
		}
		if p.hard.Err() != nil {
			return nil, false, false
		}
		refused := isRefusal(err)
		if untold, tell := p.nodeliver.Now(); tell || refused { // what befalls one alone is told of each
			p.log.Warn("result not delivered, trying again",
				slog.String("run", result.Run), slog.String("step", result.Step), slog.Any("error", err), slog.Int64("untold", untold))
		}
		if refused {
			if refusals++; refusals == 3 && result.Error == nil {
				result.Response, result.Body, result.Bytes = nil, nil, 0
				result.Error = failf("internal", "MH_CALL_NOT_RECORDED", "the answer could not be recorded")
			}
		}
		if !pause(p.hard, jitter(wait)) {
			return nil, false, false
		}
	}
}
