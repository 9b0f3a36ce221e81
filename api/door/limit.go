package door

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/profullstack/meshhook/api/door/signature"
	"github.com/profullstack/meshhook/api/problem"
	"github.com/profullstack/meshhook/db"
)

// allowance is what the rates of an endpoint and its project say to one request.
type allowance struct {
	allowed      bool
	most, left   int // of the tighter bucket
	reset, retry time.Duration
}

// flushRates asks for a group of requests in one go; the buckets are rows, so all servers share them.
func (d *Door) flushRates(ctx context.Context, asking []string) ([]allowance, error) {
	ids := make([]uuid.UUID, len(asking))
	for i, id := range asking {
		var err error
		if ids[i], err = uuid.Parse(id); err != nil {
			return nil, fmt.Errorf("read endpoint id: %w", err)
		}
	}
	rows, err := d.endpoints.queries.DoorRates(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("ask the rates of %d requests: %w", len(asking), err)
	}
	out := make([]allowance, len(asking))
	for _, row := range rows {
		if at := int(row.Item) - 1; at >= 0 && at < len(out) {
			out[at] = allowance{
				allowed: row.Allowed, most: int(row.Most), left: int(row.Remaining),
				reset: time.Duration(row.ResetMs) * time.Millisecond, retry: time.Duration(row.RetryMs) * time.Millisecond,
			}
		}
	}
	return out, nil
}

// within tells whether the rates let a request in, and says to its sender how they stand; when not, the request is answered.
func (d *Door) within(w http.ResponseWriter, r *http.Request, ep *endpoint) bool {
	if !ep.rated {
		return true
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	got, err := d.rates.Submit(ctx, ep.id)
	cancel()
	switch {
	case errors.Is(err, db.ErrGroupFull):
		d.full(w)
		return false
	case err != nil && d.conf.Spool != nil && !isRefusal(err):
		return true // a rate must not lose what the spool would keep
	case err != nil:
		d.away(w, r, err)
		return false
	}
	header := w.Header()
	header.Set("X-RateLimit-Limit", strconv.Itoa(got.most))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(got.left))
	header.Set("X-RateLimit-Reset", seconds(got.reset))
	if got.allowed {
		return true
	}
	d.counters.limited.Add(1)
	header.Set("Retry-After", seconds(max(got.retry, time.Second)))
	header.Set("Connection", "close") // the body is not worth reading
	problem.Problem{Status: http.StatusTooManyRequests, Code: "MH_RATE_LIMITED", Detail: "This endpoint takes no more requests for now. Nothing was stored; send it again later."}.Write(w)
	return false
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// admits tells whether a sender may send to the endpoint at all.
func (ep *endpoint) admits(remote string) bool {
	if len(ep.networks) == 0 {
		return true
	}
	address, err := netip.ParseAddr(remote)
	if err != nil {
		return false
	}
	address = address.Unmap().WithZone("")
	for _, network := range ep.networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// turnAway refuses a request before its body is read. As with a bad signature, so many a minute are kept.
func (d *Door) turnAway(w http.ResponseWriter, r *http.Request, ep *endpoint, remote string) {
	j := judgement{refusal: &signature.Refusal{
		Status: http.StatusForbidden, Cause: "MH_ADDRESS_REFUSED", Message: "Requests from " + remote + " are not taken here.",
	}}
	w.Header().Set("Connection", "close")
	request := ""
	if d.rejects.record(ep.id, j.refusal.Cause, time.Now()) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		if a, err := d.accepts.Submit(ctx, &intake{item: encodeItem(ep, r, remote, j)}); err == nil {
			request = a.request
		}
	}
	refuse(w, ep, j.refusal, request)
}
