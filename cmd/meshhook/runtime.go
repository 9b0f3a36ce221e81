package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/api"
	"github.com/profullstack/meshhook/api/door"
	"github.com/profullstack/meshhook/api/door/spool"
	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
	"github.com/profullstack/meshhook/worker"
)

// serviceOptions says what of the service to start.
type serviceOptions struct {
	database string
	kek      []byte         // nil: no secret can be opened
	listener net.Listener   // nil: no door
	baseURL  string         // how the outside names the door; "" means as each request names it
	work     bool           // make the calls of runs
	allow    []netip.Prefix // networks that calls may reach besides MESHHOOK_ALLOW_PRIVATE
}

// service is the part of the product that serves and works, in this process.
type service struct {
	pool    *pgxpool.Pool
	process *worker.Process
	door    *door.Door
	spool   *spool.Spool // nil unless MESHHOOK_SPOOL names its folder
	server  *api.Server
	failed  chan error // the door's socket broke
}

// serviceConns is how many connections the service may have at once: flushers of accept and deliver, two each; begin, wake,
// look-ups; and what the queue client holds for itself.
const serviceConns = 14

// mostSpooled is how many bytes the spool takes before requests are turned away again.
const mostSpooled = 4 << 30

// startService starts what the options say; the caller stops it.
func (a *app) startService(ctx context.Context, o serviceOptions) (*service, error) {
	prefixes, err := worker.ParsePrefixes(a.config.AllowPrivate)
	if err != nil {
		return nil, usagef("MESHHOOK_ALLOW_PRIVATE: %w", err)
	}
	prefixes = append(prefixes, o.allow...)
	r := &service{failed: make(chan error, 1)}
	fail := func(err error) (*service, error) {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return nil, errors.Join(err, r.stop(stopping))
	}
	if r.pool, err = db.Open(ctx, o.database, db.PoolOptions{MaxConns: serviceConns, Name: "meshhook " + version()}); err != nil {
		return fail(err)
	}
	ring, err := keyring.New(r.pool, o.kek)
	if err != nil {
		return fail(err)
	}
	if !ring.HasKEK() {
		a.log.Warn("no key-encryption key: secrets can not be opened, status links end with this process (set MESHHOOK_KEK or MESHHOOK_KEK_FILE)")
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	r.process, err = worker.Start(ctx, worker.Config{
		Pool: r.pool, Name: host, Version: version(), Work: o.work, Workers: a.config.Workers, Drain: a.config.Drain, Log: a.log,
		Caller: worker.NewCaller(worker.CallerConfig{Version: version(), AllowPrivate: prefixes, Secret: ring.Secret}),
	})
	if err != nil {
		return fail(err)
	}
	if o.listener == nil {
		return r, nil
	}
	if a.config.Spool != "" {
		if r.spool, err = spool.Open(a.config.Spool, mostSpooled); err != nil {
			return fail(err)
		}
	}
	if r.door, err = door.New(door.Config{
		Spool: r.spool, Pool: r.pool, Ring: ring, Process: r.process, BaseURL: o.baseURL, KeySets: worker.GuardedTransport(prefixes), Log: a.log,
	}); err != nil {
		return fail(err)
	}
	r.server = api.New(api.Config{
		Pool: r.pool, Door: r.door, Process: r.process, Log: a.log,
		Migrated: func(ctx context.Context) error { return migrated(ctx, o.database) },
	})
	go func() {
		if err := r.server.Serve(o.listener); err != nil {
			r.failed <- err
		}
	}()
	a.log.Info("door is open", slog.String("address", o.listener.Addr().String()))
	return r, nil
}

// migrated is nil when the database has all that this binary needs. What a newer binary has changed since is no harm.
func migrated(ctx context.Context, url string) error {
	items, err := db.MigrationPlan(ctx, url)
	if err != nil {
		return err
	}
	pending := 0
	for _, item := range items {
		if item.State == "pending" {
			pending++
		}
	}
	if pending > 0 {
		return fmt.Errorf("%d are pending; run: meshhook migrate", pending)
	}
	return nil
}

// stop ends the service in the order in which nothing is lost: no new requests, those taken are answered, calls under way
// finish or are handed back. Parts that never started are passed over.
func (r *service) stop(ctx context.Context) error {
	var errs []error
	if r.server != nil {
		r.door.Drain()
		errs = append(errs, r.server.Shutdown(ctx))
	}
	if r.door != nil {
		errs = append(errs, r.door.Close(ctx))
	}
	if r.spool != nil {
		errs = append(errs, r.spool.Close())
	}
	if r.process != nil {
		errs = append(errs, r.process.Stop(ctx))
	}
	if r.pool != nil {
		r.pool.Close()
	}
	return errors.Join(errs...)
}

// runUntilDone runs the service until the context ends (SIGTERM, Ctrl-C) or the door breaks, then stops it.
func (a *app) runUntilDone(ctx context.Context, o serviceOptions) error {
	r, err := a.startService(ctx, o)
	if err != nil {
		return err
	}
	var broken error
	select {
	case <-ctx.Done():
		a.log.Info("stopping", slog.Duration("drain", a.config.Drain))
	case broken = <-r.failed:
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.config.Drain+15*time.Second)
	defer cancel()
	return errors.Join(broken, r.stop(stopping))
}
