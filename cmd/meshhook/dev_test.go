//go:build unix

package main

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// dataDir is a folder that the user PostgreSQL runs as can reach, which those of t.TempDir are not for root's tests.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "meshhook-dev-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// output collects what a running command prints; others may read it meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never came true: %s", what)
		case <-tick.C:
		}
	}
}

// devProcess is a meshhook dev that runs.
type devProcess struct {
	cmd  *exec.Cmd
	out  *output
	done chan error
}

func startDev(t *testing.T, c *cli, args ...string) *devProcess {
	t.Helper()
	p := &devProcess{cmd: c.command(append([]string{"dev", "--addr", "127.0.0.1:0"}, args...)...), out: &output{}, done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		p.done <- p.cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // most have ended by now
		<-ended
	})
	eventually(t, "meshhook dev runs", func() bool {
		select {
		case <-ended:
			t.Fatalf("meshhook dev ended:\n%s", p.out)
		default:
		}
		return strings.Contains(p.out.String(), "Running until Ctrl-C")
	})
	return p
}

// end sends a signal and answers the exit code.
func (p *devProcess) end(t *testing.T, s os.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		t.Fatalf("meshhook dev does not end:\n%s", p.out)
	}
	return p.cmd.ProcessState.ExitCode()
}

// find is the first group of a pattern in what was printed.
func (p *devProcess) find(t *testing.T, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(p.out.String())
	if m == nil {
		t.Fatalf("nothing like %s in:\n%s", pattern, p.out)
	}
	return m[1]
}

// postmaster is the process id of the PostgreSQL whose data lies in a folder.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "pg*", "data", "postmaster.pid"))
	if err != nil || len(files) != 1 {
		t.Fatalf("no PostgreSQL runs in %s: %v %v", dir, files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// What a person sees who starts it the first time, the second time, plays with it, and ends it.
func TestDev(t *testing.T) {
	dir := dataDir(t)
	c := newCLI(t)

	cold := c.must(0, "dev", "--once", "--data-dir", dir, "--addr", "127.0.0.1:0").out
	for _, pattern := range []string{
		`POST http://127\.0\.0\.1:\d+/hooks/[a-z0-9]+  \{"id":"A-\d+"`,
		`202 Accepted`,
		`✓ [0-9a-f-]{36}  order-paid v1  succeeded in`,
		`attempt 1 +✗ .*503 Service Unavailable`,
		`backoff .*┄`,
		`attempt 2 +✗ .*503 Service Unavailable`,
		`attempt 3 +✓ .*200 OK`,
		`size .*takes large`,
		`small +– +skipped`,
		`"status": "booked"`,
		`openssl dgst -sha256 -hmac '[a-z0-9]{20,}'`,
		`psql 'postgres://`,
	} {
		if !regexp.MustCompile(pattern).MatchString(cold) {
			t.Errorf("the first start shows nothing like %s", pattern)
		}
	}
	if t.Failed() {
		t.Fatal(cold)
	}

	warm := startDev(t, c, "--data-dir", dir)
	if text := warm.out.String(); !strings.Contains(text, "up to date") || !strings.Contains(text, "order-paid v1") {
		t.Errorf("the second start changes the schema or the demo:\n%s", text)
	}
	c.env = append(c.env, "DATABASE_URL="+warm.find(t, `psql '(.*?)'`), "MESHHOOK_BASE_URL="+warm.find(t, `MESHHOOK_BASE_URL=(\S+)`),
		"MESHHOOK_KEK_FILE="+filepath.Join(dir, "kek"))
	runs := parse[[]runRow](t, c.must(0, "runs", "--json").out)
	if len(runs) != 2 || runs[0].Status != "succeeded" || runs[1].Status != "succeeded" {
		t.Fatalf("want the runs of both starts: %+v", runs)
	}

	// The command it suggests works as it stands there.
	if _, err := exec.LookPath("curl"); err == nil {
		shell := exec.Command("/bin/sh", "-c", warm.find(t, `(?s)(BODY=.*-d "\$BODY")`))
		answer, err := shell.CombinedOutput()
		if err != nil || !strings.Contains(string(answer), `"run_id"`) {
			t.Fatalf("the curl it suggests: %v\n%s", err, answer)
		}
		eventually(t, "the run of the curl is printed when it ends", func() bool {
			return regexp.MustCompile(`(?m)✓ succeeded +in .*order-paid`).MatchString(afterwards(warm.out.String()))
		})
	}

	sent := parse[answer](t, c.must(0, "send", "demo/order-paid", "--data", `{"id": "small-1", "amount": 5}`, "--json").out)
	if sent.Status != http.StatusAccepted {
		t.Errorf("send: %+v", sent)
	}
	forged := c.must(1, "send", "order-paid", "--unsigned", "--json")
	if got := parse[answer](t, forged.out); got.Status != http.StatusUnauthorized {
		t.Errorf("an unsigned webhook: %+v", got)
	}
	c.in = "another secret"
	if got := parse[answer](t, c.must(1, "send", "order-paid", "--secret-stdin", "--json").out); got.Status != http.StatusUnauthorized {
		t.Errorf("a webhook signed with another secret: %+v", got)
	}
	c.in = ""
	eventually(t, "the small order has ended", func() bool {
		return parse[[]runRow](t, c.must(0, "runs", "--limit", "1", "--json").out)[0].ended()
	})
	if got := parse[proof](t, c.must(0, "verify", "--all", "--json").out); got.Differ != 0 || got.Checked < 3 {
		t.Errorf("verify: %+v", got)
	}

	server := postmaster(t, dir)
	if code := warm.end(t, os.Interrupt); code != 0 {
		t.Errorf("after Ctrl-C: exit code %d\n%s", code, warm.out)
	}
	if alive(server) {
		t.Errorf("PostgreSQL (%d) lives on after Ctrl-C", server)
	}
}

// afterwards is what was printed since everything was up.
func afterwards(text string) string {
	_, after, _ := strings.Cut(text, "Running until Ctrl-C")
	return after
}

func TestDevKilledLeavesNoProcessAndNoLoss(t *testing.T) {
	dir := dataDir(t)
	c := newCLI(t)
	first := startDev(t, c, "--data-dir", dir)
	server := postmaster(t, dir)
	first.end(t, syscall.SIGKILL)
	eventually(t, "PostgreSQL ends with the process that started it", func() bool { return !alive(server) })

	again := startDev(t, c, "--data-dir", dir, "--no-demo")
	c.env = append(c.env, "DATABASE_URL="+again.find(t, `psql '(.*?)'`))
	runs := parse[[]runRow](t, c.must(0, "runs", "--json").out)
	if len(runs) != 1 || runs[0].Status != "succeeded" {
		t.Errorf("after a kill: %+v", runs)
	}
	if code := again.end(t, syscall.SIGTERM); code != 0 {
		t.Errorf("after SIGTERM: exit code %d\n%s", code, again.out)
	}

	c.env = c.env[:len(c.env)-1]
	said := parse[struct {
		Door, DatabaseURL string
		Webhook           struct {
			URL, Header, Secret string
			Version             int
		}
		Run runRow
	}](t, c.must(0, "dev", "--once", "--json", "--data-dir", dir, "--addr", "127.0.0.1:0").out)
	if said.Webhook.Version != 1 || said.Webhook.Secret == "" || said.Run.Status != "succeeded" || !strings.HasPrefix(said.Webhook.URL, said.Door) {
		t.Errorf("dev --json: %+v", said)
	}
}

func TestDevRefuses(t *testing.T) {
	c := newCLI(t)
	c.must(exitUsage, "dev", "--once", "--no-demo")
	c.must(exitUsage, "dev", "and more")
	c.env = append(c.env, "DATABASE_URL=postgres://nobody@127.0.0.1:1/none?connect_timeout=2")
	c.must(exitUnreachable, "dev", "--once", "--data-dir", dataDir(t))
}
