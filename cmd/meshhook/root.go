package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
)

// Exit codes: the same for every verb.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// app is what every verb is given: settings, logger, output, and the way to the database.
type app struct {
	config config
	log    *slog.Logger
	json   bool

	in       io.Reader
	out, err io.Writer

	running bool // a verb has begun: from here on an error is no longer one of usage
}

// newRootCommand is the whole command line: one line a verb.
func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "meshhook",
		Short:         "Webhook-first, deterministic, Postgres-native workflows",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	url := root.PersistentFlags().String("database-url", "", "PostgreSQL to use (default: $MESHHOOK_DATABASE_URL or $DATABASE_URL)")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "answer in JSON")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		c, err := loadConfig()
		if err != nil {
			return err
		}
		if *url != "" {
			c.MeshhookDatabaseURL = *url
		}
		a.config, a.log = c, newLogger(c)
		return nil
	}

	root.AddCommand(
		newBenchCommand(a),
		newCancelCommand(a),
		newConfigCommand(a),
		newDevCommand(a),
		newEndpointCommand(a),
		newExplainCommand(a),
		newListenCommand(a),
		newMigrateCommand(a),
		newPauseCommand(a),
		newPsqlCommand(a),
		newReevaluateCommand(a),
		newReplayCommand(a),
		newRerunCommand(a),
		newResumeCommand(a),
		newRetryCommand(a),
		newRunsCommand(a),
		newSecretCommand(a),
		newSendCommand(a),
		newServeCommand(a),
		newShowCommand(a),
		newSimulateCommand(a),
		newStartCommand(a),
		newValidateCommand(a),
		newVerifyCommand(a),
		newVersionCommand(a),
		newWorkCommand(a),
	)
	markRunning(a, root)
	return root
}

// run carries out one command line and answers with its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	a := &app{in: in, out: out, err: errOut}
	root := newRootCommand(a)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code := a.exitCode(err)
	a.complain(err, code)
	return code
}

// markRunning notes when a verb's own code begins.
func markRunning(a *app, c *cobra.Command) {
	if f := c.RunE; f != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			a.running = true
			return f(c, args)
		}
	}
	for _, child := range c.Commands() {
		markRunning(a, child)
	}
}

// usageError is a command line that makes no sense; exitError ends with a code of its own, saying nothing more.
type (
	usageError struct{ error }
	exitError  struct{ code int }
)

func (e usageError) Unwrap() error { return e.error }
func (e exitError) Error() string  { return fmt.Sprintf("exit %d", e.code) }

// usagef says that what the caller asked for makes no sense: exit 2.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (a *app) exitCode(err error) int {
	var usage usageError
	var exit exitError
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &usage), !a.running:
		return exitUsage
	case errors.As(err, &connect), db.IsUnavailable(err):
		return exitUnreachable
	}
	return exitFailed
}

// complain prints an error for people, with the advice that came along; or as JSON.
func (a *app) complain(err error, code int) {
	var exit exitError
	if errors.As(err, &exit) {
		return
	}
	message, hint := err.Error(), ""
	var pg *pgconn.PgError
	if errors.As(err, &pg) && db.Code(err) != "" {
		message, hint = pg.Message, pg.Hint
	}
	if a.json {
		writeJSON(a.err, map[string]any{"error": message, "code": db.Code(err), "hint": hint, "exit": code})
		return
	}
	fmt.Fprintln(a.err, "meshhook:", message)
	if hint != "" {
		fmt.Fprintln(a.err, "hint:", hint)
	}
	if code == exitUsage {
		fmt.Fprintln(a.err, "meshhook help tells how it is used.")
	}
}

// url is the database to use, or an error that says how to name one.
func (a *app) url() (string, error) {
	if u := a.config.databaseURL(); u != "" {
		return u, nil
	}
	if dev, ok := runningDev(); ok {
		return dev.DatabaseURL, nil
	}
	return "", usagef("which database? Give --database-url or set DATABASE_URL; meshhook dev brings one of its own")
}

// open connects to the installation; the caller closes the pool.
func (a *app) open(ctx context.Context) (*pgxpool.Pool, error) {
	u, err := a.url()
	if err != nil {
		return nil, err
	}
	return db.Open(ctx, u, db.PoolOptions{MaxConns: 2, Name: "meshhook " + version()})
}

// isTerminal says whether a person is looking.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
