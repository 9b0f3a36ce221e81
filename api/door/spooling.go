package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/api/door/spool"
	"github.com/profullstack/meshhook/db"
)

const (
	drainEvery = time.Second
	drainMost  = 200
	// After the database has not answered once, requests go to the disk at once for so long, instead of waiting each.
	stayAway = 500 * time.Millisecond
)

// spooled is a request as the spool keeps it: everything that accept will be given.
type spooled struct {
	Item json.RawMessage `json:"item"`
	Body []byte          `json:"body"`
}

// named gives an item the id that its request will have, wherever it is stored first: a commit that went through unheard and
// the spool then mean the same request.
func named(item json.RawMessage) (json.RawMessage, string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, "", fmt.Errorf("make a request id: %w", err)
	}
	out := appendField(append(json.RawMessage{}, item[:len(item)-1]...), "id", id.String())
	return append(out, '}'), id.String(), nil
}

// keep acknowledges a request from the disk. It tells whether it has answered.
func (d *Door) keep(w http.ResponseWriter, r *http.Request, in *intake, id string, came time.Time) bool {
	item := appendField(append(json.RawMessage{}, in.item[:len(in.item)-1]...), "at", came.UTC().Format("2006-01-02T15:04:05.000000Z"))
	record, err := json.Marshal(spooled{Item: append(item, `,"spooled":true}`...), Body: in.body})
	if err == nil {
		// On disk first, whatever becomes of the caller: the record may already be half of a group's write.
		_, err = d.spools.Submit(context.WithoutCancel(r.Context()), record)
	}
	if err != nil {
		level := slog.LevelError
		if errors.Is(err, spool.ErrFull) || errors.Is(err, db.ErrGroupFull) {
			level = slog.LevelWarn
		}
		d.conf.Log.Log(r.Context(), level, "request not spooled", slog.Any("error", err))
		return false
	}
	d.counters.spooled.Add(1)
	writeJSON(w, http.StatusAccepted, fmt.Appendf(nil, `{"request_id":%q,"spooled":true}`+"\n", id))
	return true
}

func (d *Door) flushSpools(_ context.Context, records [][]byte) ([]struct{}, error) {
	return make([]struct{}, len(records)), d.conf.Spool.Append(records)
}

// drainSpool takes in what the spool holds whenever the database answers, until ctx ends.
func (d *Door) drainSpool(ctx context.Context) {
	ticker := time.NewTicker(drainEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if d.conf.Spool.Held() == 0 {
			continue
		}
		taken := 0
		err := d.conf.Spool.Take(drainMost, func(records [][]byte) error {
			n, err := d.takeSpooled(ctx, records)
			taken += n
			return err
		})
		switch {
		case err == nil:
			d.conf.Log.Info("requests taken in from the spool", slog.Int("requests", taken))
		case ctx.Err() == nil && !db.IsUnavailable(err):
			d.conf.Log.Error("the spool is not taken in", slog.Any("error", err))
		}
	}
}

func (d *Door) takeSpooled(ctx context.Context, records [][]byte) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	items := make([]json.RawMessage, len(records))
	bodies := make([][]byte, len(records))
	for i, record := range records {
		var one spooled
		if err := json.Unmarshal(record, &one); err != nil {
			return 0, fmt.Errorf("read a spooled request: %w", err)
		}
		items[i], bodies[i] = one.Item, one.Body
	}
	n, err := d.endpoints.queries.TakeSpooled(ctx, d.conf.Process.ID(), items, bodies)
	switch {
	case err == nil:
		return int(n), nil
	case !isRefusal(err):
		return 0, fmt.Errorf("take in %d spooled requests: %w", len(records), err)
	case len(records) > 1:
		// One that the database will not have must not keep the others back.
		sum := 0
		for i := range records {
			n, err := d.takeSpooled(ctx, records[i:i+1])
			if err != nil {
				return sum, err
			}
			sum += n
		}
		return sum, nil
	}
	d.conf.Log.Error("a spooled request is refused by the database; it is kept beside the spool", slog.Any("error", err))
	return 0, d.setAside(records[0])
}

// setAside keeps a record for somebody to look at.
func (d *Door) setAside(record []byte) error {
	path := filepath.Join(d.conf.Spool.Dir(), "refused-"+uuid.NewString()+".json")
	if err := os.WriteFile(path, record, 0o600); err != nil {
		return fmt.Errorf("keep a refused request: %w", err)
	}
	return nil
}
