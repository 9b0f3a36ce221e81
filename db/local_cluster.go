//go:build unix

package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Settings of the two kinds of local servers.
var (
	bothSettings = []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200",
		"shared_buffers=128MB", "jit=off", "timezone=UTC", "log_timezone=UTC",
	}
	// Commits are still written out to the kernel, so that a server that is killed has lost none.
	throwAwaySettings = []string{
		"fsync=off", "full_page_writes=off", "autovacuum=off",
		"max_wal_size=4GB", "checkpoint_timeout=1h",
	}
)

// throwAwayPrefix begins the names of throw-away folders. They lie in /tmp whatever TMPDIR says: the user that the
// server runs as must be able to reach them.
const (
	throwAwayPrefix = "mhpg-"
	ownerLock       = "owner.lock" // locked for as long as the folder's process lives
)

// joinWait is how long a server that another process is starting may take.
const joinWait = 30 * time.Second

// startThrowAway makes a new cluster in /tmp and starts it.
func (s *LocalServer) startThrowAway(ctx context.Context) error {
	sweep("/tmp")
	dir, err := os.MkdirTemp("/tmp", throwAwayPrefix)
	if err != nil {
		return err
	}
	s.Dir = dir
	// Renamed once it is locked: whoever sweeps sees the name only with the lock on it.
	if s.lock, err = lockFile(filepath.Join(dir, "lock")); err == nil {
		err = firstError(os.Rename(s.lock.Name(), filepath.Join(dir, ownerLock)), s.account.own(dir))
	}
	if err == nil {
		err = s.initialise(ctx, "")
	}
	if err == nil {
		err = s.launchSomewhere(ctx, 0, func(port int) string {
			return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
		})
	}
	if err != nil {
		return firstError(err, s.Stop())
	}
	return nil
}

// sweep removes throw-away folders whose process is gone: its lock is free.
func sweep(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, throwAwayPrefix+"*")) // the only error is a bad pattern
	for _, dir := range dirs {
		if lock, err := os.OpenFile(filepath.Join(dir, ownerLock), os.O_RDWR, 0); err == nil {
			if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
				_ = os.RemoveAll(dir) // what can not be removed now is left for the next sweep
			}
			lock.Close()
		}
	}
}

// chooseCluster fills in where the cluster lies and, unless a version is asked for, the version of the one that is
// there: a newer PostgreSQL on the machine must not hide the data.
func (o *LocalOptions) chooseCluster() error {
	if o.Dir == "" {
		var err error
		if o.Dir, err = durableHome(); err != nil {
			return err
		}
	}
	if o.Version != 0 {
		return nil
	}
	made, err := filepath.Glob(filepath.Join(o.Dir, "pg*", "data", "PG_VERSION"))
	for _, file := range made {
		o.Version = max(o.Version, firstNumber(strings.TrimPrefix(file, o.Dir)))
	}
	return err
}

// startDurable starts the cluster of this user, making it the first time. When another process runs it already, that
// server is used.
func (s *LocalServer) startDurable(ctx context.Context, o LocalOptions) error {
	home := o.Dir
	s.Dir = filepath.Join(home, fmt.Sprintf("pg%d", s.Version))
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	if s.account != nil { // the folders above must let the server's user through
		if err := firstError(os.Chmod(home, 0o711), s.account.own(s.Dir)); err != nil {
			return err
		}
	}
	lock, err := lockFile(filepath.Join(home, filepath.Base(s.Dir)+".lock"))
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return s.joinRunning(ctx, o.Progress)
	}
	if err != nil {
		return err
	}
	s.lock = lock
	if err := s.openDurable(ctx, o.Progress); err != nil {
		return firstError(err, s.Stop())
	}
	return nil
}

func (s *LocalServer) openDurable(ctx context.Context, progress func(string)) error {
	password, err := os.ReadFile(s.passwordFile())
	_, made := os.Stat(filepath.Join(s.dataDir(), "PG_VERSION"))
	if err != nil || made != nil {
		if made == nil {
			return fmt.Errorf("the password of the cluster in %s is lost: %w", s.Dir, err)
		}
		progress(fmt.Sprintf("making a PostgreSQL %d cluster in %s", s.Version, s.Dir))
		password = []byte(rand.Text())
		if err := os.WriteFile(s.passwordFile(), password, 0o600); err != nil {
			return err
		}
		if err := s.initialise(ctx, string(password)); err != nil {
			return err
		}
	}
	// A port that stays the same from start to start, when nobody else has it.
	if err := s.launchSomewhere(ctx, 54300+s.Version, func(port int) string {
		return durableURL(port, string(password), "postgres")
	}); err != nil {
		return err
	}
	if err := createDatabase(ctx, s.URL, "meshhook"); err != nil {
		return err
	}
	s.URL = durableURL(s.port, string(password), "meshhook")
	return nil
}

// joinRunning uses the server of another process, which is up or about to be.
func (s *LocalServer) joinRunning(ctx context.Context, progress func(string)) error {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	err := poll(ctx, func() error {
		password, err := os.ReadFile(s.passwordFile())
		if err != nil {
			return err
		}
		pidFile, err := os.ReadFile(filepath.Join(s.dataDir(), "postmaster.pid"))
		if err != nil {
			return err
		}
		lines := strings.Split(string(pidFile), "\n")
		if len(lines) < 4 {
			return errors.New("it is starting")
		}
		if s.port, err = strconv.Atoi(strings.TrimSpace(lines[3])); err != nil {
			return err
		}
		s.URL = durableURL(s.port, string(password), "meshhook")
		conn, err := pgx.Connect(ctx, s.URL)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
	if err != nil {
		return fmt.Errorf("another process has %s and its server does not answer: %w", s.Dir, err)
	}
	progress(fmt.Sprintf("using the PostgreSQL %d that another process runs in %s", s.Version, s.Dir))
	return nil
}

// poll tries until it works or time is up; the error is the last one.
func poll(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// initialise runs initdb. Without a password every login from this machine is trusted.
func (s *LocalServer) initialise(ctx context.Context, password string) error {
	args := []string{"-D", s.dataDir(), "-U", "postgres", "-E", "UTF8", "--locale=C"}
	if password == "" {
		args = append(args, "-A", "trust", "--no-sync")
	} else {
		file := filepath.Join(s.Dir, "initdb.password")
		if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
			return err
		}
		defer os.Remove(file)
		if err := s.account.own(file); err != nil {
			return err
		}
		args = append(args, "-A", "scram-sha-256", "--pwfile", file)
	}
	if out, err := s.account.command(ctx, filepath.Join(s.BinDir, "initdb"), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// launchSomewhere launches on the port asked for when it is free (0 asks for none), else on another one. Somebody may
// take a port between the look and the launch: then the next one is tried.
func (s *LocalServer) launchSomewhere(ctx context.Context, port int, address func(port int) string) error {
	for try := 0; ; try++ {
		if s.port = port; try > 0 || port == 0 || !portFree(port) {
			var err error
			if s.port, err = freePort(); err != nil {
				return err
			}
		}
		s.URL = address(s.port)
		err := s.launch(ctx)
		if err == nil || try == 3 || !strings.Contains(s.logTail(), "could not bind") {
			return err
		}
	}
}

// launch starts the server and waits until it answers.
func (s *LocalServer) launch(ctx context.Context) error {
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", s.dataDir(), "-p", strconv.Itoa(s.port)}
	settings := bothSettings
	if !s.durable {
		settings = append(settings[:len(settings):len(settings)], throwAwaySettings...)
	}
	for _, setting := range append(settings[:len(settings):len(settings)], s.settings...) {
		args = append(args, "-c", setting)
	}
	// Not the caller's context: the server ends by Stop, or with this process.
	s.cmd = s.account.command(context.WithoutCancel(ctx), filepath.Join(s.BinDir, "postgres"), args...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.done = make(chan struct{})
	if err := startBound(s.cmd, s.done); err != nil {
		s.cmd = nil
		return err
	}
	// The folder's lock lives as long as the server, even when whoever started it keeps nothing but the URL: a lock that
	// the garbage collector closes lets another process sweep the folder away under a running server.
	go func(done <-chan struct{}) {
		<-done
		runtime.KeepAlive(s)
	}(s.done)
	if err := s.answers(ctx); err != nil {
		return firstError(err, s.end(interruptSignal))
	}
	return nil
}

func (s *LocalServer) dataDir() string      { return filepath.Join(s.Dir, "data") }
func (s *LocalServer) logFile() string      { return s.Dir + "/server.log" }
func (s *LocalServer) passwordFile() string { return s.Dir + ".password" }

// logTail is the end of what the server said.
func (s *LocalServer) logTail() string {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// durableHome is where this user's clusters lie.
func durableHome() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/meshhook-dev", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "meshhook"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "meshhook"), err
}

func durableURL(port int, password, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

func createDatabase(ctx context.Context, url, name string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&exists); err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	return err
}

// lockFile makes a file that only this process holds; the kernel frees it when the process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func portFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	l.Close()
	return true
}
