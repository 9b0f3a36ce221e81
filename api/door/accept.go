package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/worker"
)

// intake is one request on its way into the database.
type intake struct {
	item json.RawMessage
	body []byte
}

// answer is what the database made of it.
type answer struct {
	verdict, cause, message string
	request, run, status    string
	output, failure         json.RawMessage
	err                     error // this request alone was refused
}

// flushAccepts is the one round trip of a group: all its requests in one commit. For as many as there are free call slots
// the commit returns the first call, leased to this process, and it is made at once.
func (d *Door) flushAccepts(ctx context.Context, group []*intake) ([]answer, error) {
	items := make([]json.RawMessage, len(group))
	bodies := make([][]byte, len(group))
	weight := 0
	for i, in := range group {
		items[i], bodies[i] = in.item, in.body
		weight += len(in.body)
	}
	// A flusher that hangs keeps everybody waiting, so it gives up soon, and the next one tries another connection.
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second+bulk(weight))
	defer cancel()
	process := d.conf.Process
	take := process.Take(len(group))
	rows, err := d.endpoints.queries.Accept(ctx, db.AcceptParams{Process: process.ID(), Take: int32(take), Items: items, Bodies: bodies})
	if err != nil {
		process.Give(take)
		if isRefusal(err) && len(group) > 1 {
			return d.acceptOneByOne(ctx, group), nil
		}
		process.Doubt()
		return nil, fmt.Errorf("accept %d requests: %w", len(group), err)
	}
	answers := make([]answer, len(group))
	for i := range answers {
		answers[i].err = errNoAnswer
	}
	var calls []*worker.Item
	for i := range rows {
		row := &rows[i]
		at := int(row.Item) - 1
		if at < 0 || at >= len(answers) {
			continue
		}
		answers[at] = answer{
			verdict: row.Verdict, cause: row.Cause, message: row.Message, request: row.RequestID, run: row.RunID,
			status: row.Status, output: row.Output, failure: row.Error,
		}
		if len(row.Calls) > 2 {
			items, err := worker.ParseItems(row.Calls)
			if err != nil {
				d.conf.Log.Error("leased calls can not be read", "run", row.RunID, "error", err)
			}
			calls = append(calls, items...)
		}
	}
	process.Give(take - len(calls))
	process.Launch(calls)
	return answers, nil
}

var errNoAnswer = errors.New("accept gave no answer for a request")

// acceptOneByOne repeats a refused group, so that one request that the database will not have does not fail its neighbours.
func (d *Door) acceptOneByOne(ctx context.Context, group []*intake) []answer {
	answers := make([]answer, len(group))
	for i := range group {
		one, err := d.flushAccepts(ctx, group[i:i+1])
		if err != nil {
			answers[i].err = err
			continue
		}
		answers[i] = one[0]
	}
	return answers
}

// isRefusal tells that the database ran the statement and said no to its content, as opposed to being away or busy.
func isRefusal(err error) bool {
	if errors.Is(err, errNoAnswer) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || db.IsUnavailable(err) {
		return false
	}
	switch pg.Code[:2] {
	case "40", "55", "57":
		return false
	}
	return true
}

type counters struct {
	requests, batches, full, away, limited, spooled atomic.Int64
}

// Stats are the door's counts since its start.
type Stats struct {
	Requests int64 // webhooks that came
	Batches  int64 // accept transactions
	Full     int64 // turned away because too many waited
	Away     int64 // not acknowledged because the database did not answer
	Limited  int64 // turned away by a rate
	Spooled  int64 // acknowledged from the disk
	Waiting  int   // not yet in a transaction
}

// Stats reads the counts.
func (d *Door) Stats() Stats {
	c := &d.counters
	return Stats{
		Requests: c.requests.Load(), Batches: c.batches.Load(), Full: c.full.Load(), Away: c.away.Load(), Limited: c.limited.Load(), Spooled: c.spooled.Load(),
		Waiting: d.accepts.Waiting(),
	}
}

func sizeText(bytes int64) string {
	switch {
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return strconv.FormatInt(bytes>>20, 10) + " MiB"
	case bytes >= 1<<10 && bytes%(1<<10) == 0:
		return strconv.FormatInt(bytes>>10, 10) + " KiB"
	}
	return strconv.FormatInt(bytes, 10) + " bytes"
}
