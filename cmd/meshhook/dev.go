package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/keyring"
)

type devOptions struct {
	addr, dataDir string
	once, noDemo  bool
}

func newDevCommand(a *app) *cobra.Command {
	var o devOptions
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine: PostgreSQL, door, worker, a demo workflow",
		Long: "Runs MeshHook on this machine in one process. Without DATABASE_URL it brings a PostgreSQL of its own, whose data\n" +
			"stays between starts. It sends a signed webhook through the door to a demo workflow and draws its run, then goes on\n" +
			"until Ctrl-C, printing runs as they happen. While it runs, the other verbs find it without any setting.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.once && o.noDemo {
				return usagef("--once ends after the demo's run; with --no-demo there is none")
			}
			return a.dev(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.addr, "addr", "", "where the door listens (default: 127.0.0.1:8080, or the next free port)")
	f.StringVar(&o.dataDir, "data-dir", "", "where the data is kept (default: ~/.local/share/meshhook, as root /var/lib/meshhook-dev)")
	f.BoolVar(&o.once, "once", false, "end when the demo's run has ended")
	f.BoolVar(&o.noDemo, "no-demo", false, "no demo workflow, no demo webhook")
	return c
}

// dev is what a running meshhook dev consists of, in the order in which it is started.
type dev struct {
	app      *app
	self     string // how this program is called from the same place
	paint    paint
	home     string
	database string
	server   *db.LocalServer // nil when the database was given
	kekFile  string
	pool     *pgxpool.Pool
	ring     *keyring.Ring
	target   *demoTarget // nil without the demo
	service  *service
	state    *os.File
	door     string
}

func (a *app) dev(ctx context.Context, o devOptions) (err error) {
	d := &dev{app: a, self: self(), paint: newPaint(a.out), home: o.dataDir}
	if quiet := a.config; os.Getenv("MESHHOOK_LOG_LEVEL") == "" {
		quiet.LogLevel = slog.LevelWarn // the terminal is for the runs
		a.log = newLogger(quiet)
	}
	if os.Getenv("MESHHOOK_DRAIN") == "" {
		a.config.Drain = 5 * time.Second // nobody waits half a minute for a Ctrl-C; what is left goes on at the next start
	}
	if d.home == "" {
		if d.home, err = devHome(); err != nil {
			return err
		}
	}
	if d.home, err = filepath.Abs(d.home); err != nil {
		return fmt.Errorf("find data folder: %w", err)
	}
	defer func() {
		if ctx.Err() != nil {
			signal.Reset(os.Interrupt) // a second Ctrl-C does not wait for good manners
			d.line("\n%s", d.paint.dim("stopping …"))
		}
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		stopErr := d.stop(stopping)
		if interrupted(ctx, err) {
			err = nil // it was asked to end
		}
		err = errors.Join(err, stopErr)
	}()
	if err := d.start(ctx, o); err != nil {
		return err
	}
	var demo demo
	var first runRow
	if !o.noDemo {
		if demo, err = installDemo(ctx, d.pool, d.ring, d.target.URL); err != nil {
			return err
		}
		if first, err = d.demoRun(ctx, demo); err != nil {
			return err
		}
	}
	if err := d.explain(o, demo, first); err != nil {
		return err
	}
	if o.once {
		if first.Status != "succeeded" {
			return exitError{exitFailed}
		}
		return nil
	}
	return d.follow(ctx, first.StartedAt)
}

// interrupted says whether an error is only what is left of the work that a signal ended.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled))
}

// start brings up everything that serves and works.
func (d *dev) start(ctx context.Context, o devOptions) error {
	if err := os.MkdirAll(d.home, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if err := d.startDatabase(ctx); err != nil {
		return err
	}
	begun := time.Now()
	report, err := db.Migrate(ctx, d.database, db.MigrateOptions{Progress: func(string) {}})
	if err != nil {
		return err
	}
	if n := report.Changed(); n > 0 {
		d.say("schema", "%s applied in %s", count(n, "change"), span(time.Since(begun)))
	} else {
		d.say("schema", "up to date")
	}
	kek, err := d.loadKEK()
	if err != nil {
		return err
	}
	if d.pool, err = db.Open(ctx, d.database, db.PoolOptions{MaxConns: 4, Name: "meshhook dev"}); err != nil {
		return err
	}
	if d.ring, err = keyring.New(d.pool, kek); err != nil {
		return err
	}
	return d.startService(ctx, o, kek)
}

func (d *dev) startDatabase(ctx context.Context) error {
	begun := time.Now()
	if d.database = d.app.config.databaseURL(); d.database != "" {
		d.say("database", "%s", maskURL(d.database))
		return nil
	}
	var err error
	d.server, err = db.StartLocal(ctx, db.LocalOptions{Durable: true, Dir: d.home, Progress: func(s string) { d.say("database", "%s", s) }})
	if err != nil {
		return err
	}
	d.database = d.server.URL
	if !d.server.Shared() {
		d.say("database", "PostgreSQL %d in %s, up in %s", d.server.Version, d.server.Dir, span(time.Since(begun)))
	}
	return nil
}

// loadKEK is the key-encryption key that was given, else one of the data folder's own.
func (d *dev) loadKEK() ([]byte, error) {
	c := d.app.config
	if c.KEK != "" || c.KEKFile != "" {
		d.kekFile = c.KEKFile
		return keyring.LoadKEK(c.KEK, c.KEKFile)
	}
	d.kekFile = filepath.Join(d.home, "kek")
	return keyring.EnsureKEK(d.kekFile)
}

// lastTarget is where the demo's target listened when it ran the last time.
func (d *dev) lastTarget(ctx context.Context) (string, error) {
	var last string
	err := d.pool.QueryRow(ctx, "select v.value #>> '{}' from meshhook.vars v join meshhook.projects p on p.id = v.project_id where p.slug = $1 and v.name = $2",
		demoProject, demoTargetVar).Scan(&last)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("read variable %s: %w", demoTargetVar, err)
	}
	return last, nil
}

// startService opens the door and begins to work. The demo's target is started first, because calls are let through to its
// address alone.
func (d *dev) startService(ctx context.Context, o devOptions, kek []byte) error {
	service := serviceOptions{database: d.database, kek: kek, baseURL: d.app.config.BaseURL, work: true}
	if !o.noDemo {
		last, err := d.lastTarget(ctx)
		if err != nil {
			return err
		}
		if d.target, err = startDemoTarget(last); err != nil {
			return err
		}
		service.allow = []netip.Prefix{d.target.Prefix}
	}
	listener, err := d.listen(o.addr)
	if err != nil {
		return err
	}
	service.listener = listener
	d.door = doorURLOf(listener)
	if d.service, err = d.app.startService(ctx, service); err != nil {
		return errors.Join(err, listener.Close())
	}
	d.say("door", "%s", d.door)
	d.state, err = writeDevState(d.home, devState{DatabaseURL: d.database, Door: d.door, KEKFile: d.kekFile})
	return err
}

// listen is the door's socket: where it was asked to be, or on the first port that is free from 8080 on.
func (d *dev) listen(asked string) (net.Listener, error) {
	if asked == "" {
		asked = os.Getenv("MESHHOOK_ADDR")
	}
	if asked != "" {
		l, err := net.Listen("tcp", asked)
		if err != nil {
			return nil, fmt.Errorf("listen for webhooks: %w", err)
		}
		return l, nil
	}
	for port := 8080; port < 8180; port++ {
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for webhooks: %w", err)
	}
	return l, nil
}

// doorURLOf is how a client on this machine reaches a listener.
func doorURLOf(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// demoRun sends the demo's webhook through the door and waits for the end of its run.
func (d *dev) demoRun(ctx context.Context, demo demo) (runRow, error) {
	body := demo.order(nextOrder(time.Now()))
	d.line("")
	d.line("%s POST %s%s  %s", d.paint.bold("→"), d.door, demo.path, body)
	got, id, err := demo.sendDemo(ctx, d.door, body)
	if err != nil {
		return runRow{}, err
	}
	d.line("%s %s", d.paint.bold("←"), got.line(d.paint))
	d.line("")
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := waitForRun(waiting, d.pool, id)
	if err != nil {
		return runRow{}, err
	}
	events, err := readHistory(ctx, d.pool, id)
	if err != nil {
		return runRow{}, err
	}
	picture, err := newTimeline(r.StartedAt, time.Now(), events)
	if err != nil {
		return runRow{}, err
	}
	d.line("%s", strings.TrimRight(drawRun(d.paint, r, picture), "\n"))
	return r, nil
}

// follow prints runs as they happen until the context ends.
func (d *dev) follow(ctx context.Context, since time.Time) error {
	if since.IsZero() {
		since = time.Now()
	}
	f := &follower{pool: d.pool, since: since, told: map[uuid.UUID]int{}}
	if err := f.skip(ctx); err != nil {
		return fmt.Errorf("list runs: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-d.service.failed:
			cancel(err)
		case <-ctx.Done():
		}
	}()
	err := d.app.follow(ctx, f)
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

// stop ends everything in the opposite order; it may be called with part of it never started.
func (d *dev) stop(ctx context.Context) error {
	var errs []error
	if d.service != nil {
		errs = append(errs, d.service.stop(ctx))
	}
	if d.target != nil {
		errs = append(errs, d.target.close(ctx))
	}
	if d.pool != nil {
		d.pool.Close()
	}
	if d.state != nil {
		errs = append(errs, os.Remove(d.state.Name()), d.state.Close())
	}
	if d.server != nil {
		errs = append(errs, d.server.Stop())
	}
	return errors.Join(errs...)
}
