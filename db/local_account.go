//go:build unix

package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

const (
	interruptSignal = syscall.SIGINT
	quitSignal      = syscall.SIGQUIT
	killSignal      = syscall.SIGKILL
	stopSignal      = syscall.SIGSTOP
)

// account is a user that PostgreSQL runs as when this process is root, which PostgreSQL refuses to be. A nil account
// is this process's own user.
type account struct {
	login    string
	uid, gid int
}

// serverAccount is nil for ordinary users; for root it is postgres or, where there is none, nobody.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, login := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(login)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := firstError(err1, err2); err != nil {
			return nil, fmt.Errorf("read user %s: %w", login, err)
		}
		return &account{login, uid, gid}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

func (a *account) name() string {
	if a == nil {
		return "this user"
	}
	return a.login
}

// own gives a file or folder to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// command is a program that runs as the account, in a folder and an environment that mean nothing: the caller's
// folder may be unreadable to it, and PG* variables would mislead it.
func (a *account) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, path, args...)
	c.Dir = "/"
	c.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	c.SysProcAttr = &syscall.SysProcAttr{}
	if a != nil {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return c
}

// killProcess kills a process that is not this one's child, and waits a moment for it to be gone. Where nobody collects
// the dead (in a container without an init) it stays in the list of processes: hence no longer than that moment.
func killProcess(pid int) error {
	for range 100 {
		err := syscall.Kill(pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("kill process %d: %w", pid, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
