package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain sees to it that the binary does not outlive the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built) // it lies among temporary files anyway
	}
	os.Exit(code)
}

// built is the folder of the binary; "" until a test asked for it.
var built string

// binary is the program as it is shipped, built once for all tests of the package.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "meshhook-binary-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "meshhook")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", errors.New("go build: " + err.Error() + "\n" + string(out))
	}
	return path, nil
})

// outcome is what a command line came to.
type outcome struct {
	out, err string
	code     int
}

// cli runs the binary with an environment of its own and nothing else.
type cli struct {
	t   *testing.T
	env []string
	in  string
}

func newCLI(t *testing.T, env ...string) *cli {
	t.Helper()
	return &cli{t: t, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "XDG_DATA_HOME=" + t.TempDir(),
		"MESHHOOK_PGBIN=" + os.Getenv("MESHHOOK_PGBIN"), "MESHHOOK_PG_VERSION=" + os.Getenv("MESHHOOK_PG_VERSION"),
	}, env...)}
}

func (c *cli) command(args ...string) *exec.Cmd {
	c.t.Helper()
	path, err := binary()
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = c.env
	cmd.Stdin = strings.NewReader(c.in)
	return cmd
}

// run waits for the end of a command.
func (c *cli) run(args ...string) outcome {
	c.t.Helper()
	cmd := c.command(args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Minute)
	defer cancel()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return outcome{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that has to end with the given code.
func (c *cli) must(code int, args ...string) outcome {
	c.t.Helper()
	got := c.run(args...)
	if got.code != code {
		c.t.Fatalf("meshhook %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.out, got.err)
	}
	return got
}

// parse reads what a command with --json printed.
func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("not the JSON expected: %v\n%s", err, text)
	}
	return v
}
