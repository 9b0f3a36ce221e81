//go:build unix

// Command with starts a throw-away PostgreSQL, runs a command that finds it in MESHHOOK_TEST_URL, stops it, and ends
// with the command's exit code:
//
//	go run ./db/dbtest/with -- go test ./...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/profullstack/meshhook/db"
	"github.com/profullstack/meshhook/db/dbtest"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("usage: with [--] command [arguments]")
	}
	// The command hears Ctrl-C from the terminal itself; this process stays to stop the server after it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	say := func(s string) { fmt.Fprintln(os.Stderr, s) }
	server, err := db.StartLocal(ctx, db.LocalOptions{Progress: say})
	if err != nil {
		return 1, err
	}
	defer server.Stop()
	say(fmt.Sprintf("testing with PostgreSQL %d of %s", server.Version, server.BinDir))

	report := filepath.Join(server.Dir, "report") // goes with the server's folder
	defer func() {
		if lines, err := os.ReadFile(report); err == nil {
			fmt.Fprintf(os.Stderr, "figures of this run:\n%s", lines)
		}
	}()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.Env = append(os.Environ(), dbtest.URLVariable+"="+server.URL, dbtest.ReportVariable+"="+report)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
