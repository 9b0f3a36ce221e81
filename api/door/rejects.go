package door

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
)

// rejects counts what the door refuses, exactly, and bounds how much of it is stored: an endpoint's first hundred of a
// minute, then one in a hundred, so that nobody fills the disk with bad signatures.
type rejects struct {
	mu    sync.Mutex
	seen  map[string]*tally // by endpoint
	count map[refused]int64 // not told to the database yet
}

type tally struct {
	minute int64
	count  int
}

// refused is what is counted as one.
type refused struct{ endpoint, cause string }

// record counts a refusal and tells whether the request is to be stored.
func (r *rejects) record(endpoint, cause string, now time.Time) bool {
	const all, sample = 100, 100
	minute := now.Unix() / 60
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count[refused{endpoint, cause}]++
	t := r.seen[endpoint]
	if t == nil {
		if len(r.seen) >= 10_000 {
			clear(r.seen)
		}
		t = &tally{}
		r.seen[endpoint] = t
	}
	if t.minute != minute {
		*t = tally{minute: minute}
	}
	t.count++
	return t.count <= all || t.count%sample == 0
}

// tellEvery is how long a count may be behind.
const tellEvery = time.Second

// tellRejects adds the counts to the database's every so often until ctx ends, and then once more.
func (d *Door) tellRejects(ctx context.Context) {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			d.tellRejectsNow(ctx)
		case <-ctx.Done():
			d.tellRejectsNow(context.WithoutCancel(ctx))
			return
		}
	}
}

func (d *Door) tellRejectsNow(ctx context.Context) {
	d.rejects.mu.Lock()
	counts := d.rejects.count
	d.rejects.count = map[refused]int64{}
	d.rejects.mu.Unlock()
	if len(counts) == 0 {
		return
	}
	if err := d.addRejects(ctx, counts); err != nil {
		d.conf.Log.Warn("counts of refused requests are kept for later", slog.Any("error", err))
		d.rejects.mu.Lock()
		for key, n := range counts {
			d.rejects.count[key] += n
		}
		d.rejects.mu.Unlock()
	}
}

func (d *Door) addRejects(ctx context.Context, counts map[refused]int64) error {
	var endpoints []uuid.UUID
	var causes []string
	var requests []int64
	for key, n := range counts {
		id, err := uuid.Parse(key.endpoint)
		if err != nil {
			return fmt.Errorf("read endpoint id: %w", err)
		}
		endpoints = append(endpoints, id)
		causes = append(causes, key.cause)
		requests = append(requests, n)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := d.endpoints.queries.CountRejections(ctx, endpoints, causes, requests); err != nil {
		return fmt.Errorf("count %d kinds of refused requests: %w", len(counts), err)
	}
	return nil
}
