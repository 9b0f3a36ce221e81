package db

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// startBound starts a server that the kernel ends when this process dies, however it dies. The kernel watches the
// thread that started it: that thread stays with this goroutine until the server has ended.
func startBound(c *exec.Cmd, done chan<- struct{}) error {
	c.SysProcAttr.Pdeathsig = syscall.SIGINT
	c.SysProcAttr.Setpgid = true // a Ctrl-C at the terminal is for this process, which then stops the server
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Start()
		started <- err
		if err == nil {
			_ = c.Wait() // how it ended is in its log
			close(done)
		}
	}()
	return <-started
}

// childrenOf lists the processes that a process has started.
func childrenOf(pid int) ([]int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, word := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		pids = append(pids, child)
	}
	return pids, nil
}
