// Package door takes webhooks in: it finds the endpoint, reads a bounded body, verifies the signature over the raw bytes,
// and has the request accepted in a commit that it shares with the requests that came at the same time. It answers after
// that commit and never before. What is not about bytes and cryptography is decided in SQL.
package door

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/api/door/signature"
	"github.com/profullstack/meshhook/api/door/spool"
	"github.com/profullstack/meshhook/api/problem"
	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
	"github.com/profullstack/meshhook/worker"
)

const (
	mostBody     = 16 << 20               // no endpoint takes more
	mostInFlight = 256 << 20              // bytes of bodies in memory at once
	patience     = 900 * time.Millisecond // how long the database may take before the caller hears that it is away
	bodyTime     = 30 * time.Second       // how long a caller may take to send its body
)

// Config says what a Door is made of.
type Config struct {
	Pool    *pgxpool.Pool
	Ring    *keyring.Ring
	Process *worker.Process // registered; takes calls along when it works
	BaseURL string          // how the outside names this server; "" means as each request names it
	// KeySets is how key sets for tokens are fetched; nil: they are not.
	KeySets http.RoundTripper
	Log     *slog.Logger
	// Spool keeps requests while the database is away; nil: they are turned away. The caller closes it after the door.
	Spool *spool.Spool
}

// Door answers webhooks and status links.
type Door struct {
	conf      Config
	endpoints *endpoints
	accepts   *db.Group[*intake, answer]
	results   *db.Group[string, outcome]
	rates     *db.Group[string, allowance]
	spools    *db.Group[[]byte, struct{}] // nil without a spool
	awayUntil atomic.Int64                // unix ns; until then requests are spooled without asking the database
	linkKey   []byte
	inFlight  atomic.Int64
	rejects   rejects
	counters  counters
	noanswer  worker.Seldom
	draining  chan struct{} // closed when callers that wait for a run must be answered now
	drainOnce sync.Once
	endAgain  context.CancelFunc // of the loops beside requests: refused ones verified again and counted
	again     sync.WaitGroup
}

// New makes a door.
func New(conf Config) (*Door, error) {
	conf.BaseURL = strings.TrimRight(conf.BaseURL, "/")
	d := &Door{conf: conf, rejects: rejects{seen: map[string]*tally{}, count: map[refused]int64{}}, draining: make(chan struct{})}
	queries := db.New(conf.Pool)
	d.endpoints = &endpoints{queries: queries, ring: conf.Ring, log: conf.Log, known: map[string]*entry{}, asked: map[string]*question{}}
	if conf.KeySets != nil {
		d.endpoints.keys = signature.NewKeySets(conf.KeySets)
	}
	d.accepts = db.NewGroup(db.GroupConfig[*intake]{
		Flushers: db.Flushers(), MaxQueue: 4096, MaxWeight: 16 << 20,
		Weigh: func(i *intake) int { return len(i.body) + len(i.item) },
		Done:  func(int, error) { d.counters.batches.Add(1) },
	}, d.flushAccepts)
	d.rates = db.NewGroup(db.GroupConfig[string]{MaxQueue: 4096, Timeout: 5 * time.Second}, d.flushRates)
	d.results = db.NewGroup(db.GroupConfig[string]{MaxQueue: 8192, Timeout: 5 * time.Second}, d.flushResults)
	if conf.Spool != nil {
		d.endpoints.stale = true
		d.spools = db.NewGroup(db.GroupConfig[[]byte]{MaxQueue: 4096, Timeout: 10 * time.Second}, d.flushSpools)
	}
	var err error
	if d.linkKey, err = conf.Ring.Derive("status link"); errors.Is(err, keyring.ErrNoKEK) {
		// Links then work on this process alone and end with it.
		d.linkKey, err = make([]byte, 32), nil
		rand.Read(d.linkKey)
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.endAgain = cancel
	d.again.Go(func() { d.verifyAgain(ctx) })
	d.again.Go(func() { d.tellRejects(ctx) })
	if conf.Spool != nil {
		d.again.Go(func() { d.drainSpool(ctx) })
	}
	return d, nil
}

// Drain answers callers that wait for a run with its status link instead, now and from now on: the server is stopping.
func (d *Door) Drain() { d.drainOnce.Do(func() { close(d.draining) }) }

// Close waits until all that was taken in has been committed and answered.
func (d *Door) Close(ctx context.Context) error {
	d.endAgain()
	d.again.Wait()
	var err error
	if d.spools != nil {
		err = d.spools.Close(ctx)
	}
	return errors.Join(err, d.rates.Close(ctx), d.accepts.Close(ctx), d.results.Close(ctx))
}

// Full tells whether the door turns requests away because too many wait already.
func (d *Door) Full() bool { return d.accepts.Waiting() >= 4000 }

// Hook takes one webhook: anything sent to /hooks/{token}, or to /hooks/{project}/{alias} with both in place of the token.
func (d *Door) Hook(w http.ResponseWriter, r *http.Request, token string) {
	d.counters.requests.Add(1)
	began := time.Now()
	ep, err := d.endpoints.get(r.Context(), token)
	asked := time.Since(began)
	switch {
	case err != nil:
		d.away(w, r, err)
		return
	case ep == nil:
		problem.Problem{Status: http.StatusNotFound, Code: "MH_ENDPOINT_UNKNOWN", Detail: "There is no such endpoint."}.Write(w)
		return
	case !ep.takes(r.Method) && !ep.greets(r):
		w.Header().Set("Allow", ep.allow)
		problem.Problem{Status: http.StatusMethodNotAllowed, Code: "MH_METHOD_NOT_ALLOWED", Detail: "This endpoint takes " + ep.allow + "."}.Write(w)
		return
	case ep.state == "disabled":
		problem.Problem{Status: http.StatusGone, Code: "MH_ENDPOINT_DISABLED", Detail: "This endpoint is disabled."}.Write(w)
		return
	}
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		remote = r.RemoteAddr
	}
	if !ep.admits(remote) {
		d.turnAway(w, r, ep, remote)
		return
	}
	if !d.within(w, r, ep) {
		return
	}
	reserved := r.ContentLength
	if reserved < 0 {
		reserved = ep.maxBody
	}
	if r.ContentLength > ep.maxBody {
		d.tooLarge(w, ep)
		return
	}
	if d.inFlight.Add(reserved) > mostInFlight {
		d.inFlight.Add(-reserved)
		d.full(w)
		return
	}
	defer d.inFlight.Add(-reserved)
	body, err := readBody(w, r, ep.maxBody)
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		d.tooLarge(w, ep)
		return
	case err != nil:
		problem.Problem{Status: http.StatusBadRequest, Code: "MH_BODY_INCOMPLETE", Detail: "The body ended before all of it had come."}.Write(w)
		return
	}

	j := d.judge(r, ep, body)
	if j.refusal != nil {
		now := time.Now()
		if !d.rejects.record(ep.id, j.refusal.Cause, now) {
			// Past the sampling rate the answer is the same, but nothing is stored: nobody fills the disk with bad signatures.
			refuse(w, ep, j.refusal, "")
			return
		}
		d.look(r, ep, body, &j, now)
	}
	// What the look-up took of the caller's time is not taken twice, but for the least that a commit needs.
	in := &intake{item: encodeItem(ep, r, remote, j), body: body}
	a, kept, err := d.commit(w, r, in, d.conf.Spool != nil && j.refusal == nil && j.greeting == nil, max(patience-asked, patience/3))
	switch {
	case kept:
	case errors.Is(err, db.ErrGroupFull):
		d.full(w)
	case err != nil:
		d.away(w, r, err)
	default:
		d.answer(w, r, ep, j, a)
	}
}

// commit has a request accepted in a commit, or, where that may be, kept on the disk while the database is away; kept tells
// that it was, and that the caller has been answered.
func (d *Door) commit(w http.ResponseWriter, r *http.Request, in *intake, maySpool bool, wait time.Duration) (a answer, kept bool, err error) {
	id, came := "", time.Now()
	if maySpool {
		if in.item, id, err = named(in.item); err != nil {
			return a, false, err
		}
		if came.UnixNano() < d.awayUntil.Load() && d.keep(w, r, in, id, came) {
			return a, true, nil
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait+bulk(len(in.body)))
	a, err = d.accepts.Submit(ctx, in)
	cancel()
	if err == nil {
		err = a.err
	}
	if err != nil && maySpool && !isRefusal(err) && r.Context().Err() == nil {
		d.awayUntil.Store(time.Now().Add(stayAway).UnixNano())
		kept = d.keep(w, r, in, id, came)
	}
	return a, kept, err
}

// base is how the caller reaches this server.
func (d *Door) base(r *http.Request) string {
	switch {
	case d.conf.BaseURL != "":
		return d.conf.BaseURL
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// bulk is the time that storing so many bytes may take besides: a large body is slow without anybody being away.
func bulk(bytes int) time.Duration {
	return min(time.Duration(bytes>>16)*250*time.Millisecond, 30*time.Second)
}

func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(bodyTime)) == nil {
		defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	}
	if r.ContentLength > 0 && r.ContentLength <= 64<<10 {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	// Longer ones are not given their memory before their bytes have come.
	var body bytes.Buffer
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, most))
	return body.Bytes(), err
}

func (d *Door) tooLarge(w http.ResponseWriter, ep *endpoint) {
	w.Header().Set("Connection", "close") // the rest of the body is not worth reading
	problem.Problem{
		Status: http.StatusRequestEntityTooLarge, Code: "MH_BODY_TOO_LARGE",
		Detail: "The body is larger than the " + sizeText(ep.maxBody) + " that this endpoint takes.",
	}.Write(w)
}

func (d *Door) full(w http.ResponseWriter) {
	d.counters.full.Add(1)
	w.Header().Set("Retry-After", "1")
	problem.Problem{Status: http.StatusServiceUnavailable, Code: "MH_DOOR_FULL", Detail: "Too many requests are waiting. Nothing was stored; send it again."}.Write(w)
}

// away says that nothing is acknowledged. Where the database was reached and went away in the middle the request may
// have been stored all the same: a sender that repeats it is told apart by its delivery id.
func (d *Door) away(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to be told
	}
	d.counters.away.Add(1)
	if isRefusal(err) {
		d.conf.Log.Error("request not accepted", slog.Any("error", err))
		problem.Problem{Status: http.StatusInternalServerError, Code: "MH_INTERNAL", Detail: "The request could not be stored. The server's log tells why."}.Write(w)
		return
	}
	if untold, tell := d.noanswer.Now(); tell {
		d.conf.Log.Warn("database away, request not acknowledged", slog.Any("error", err), slog.Int64("untold", untold))
	}
	w.Header().Set("Retry-After", "5")
	problem.Problem{Status: http.StatusServiceUnavailable, Code: "MH_DATABASE_AWAY", Detail: "The request is not acknowledged, because the database does not answer. Send it again."}.Write(w)
}
