//go:build unix && !linux

package db

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// startBound starts a server that ends when this process dies, however it dies: a small shell waits at the other end
// of a pipe, which the kernel closes with this process, and then tells the server to stop.
func startBound(c *exec.Cmd, done chan<- struct{}) error {
	c.SysProcAttr.Setpgid = true // a Ctrl-C at the terminal is for this process, which then stops the server
	if err := c.Start(); err != nil {
		return err
	}
	watcher := exec.Command("/bin/sh", "-c", `read _; kill -INT "$0"`, strconv.Itoa(c.Process.Pid))
	watcher.SysProcAttr = c.SysProcAttr
	pipe, err := watcher.StdinPipe()
	if err == nil {
		err = watcher.Start()
	}
	if err != nil {
		_ = c.Process.Kill()
		_ = c.Wait()
		return fmt.Errorf("watch over the server: %w", err)
	}
	go func() {
		_ = c.Wait() // how it ended is in its log
		_ = watcher.Process.Kill()
		_ = pipe.Close()
		_ = watcher.Wait()
		close(done)
	}()
	return nil
}

// childrenOf lists the processes that a process has started.
func childrenOf(pid int) ([]int, error) {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var pids []int
	for _, line := range strings.Split(string(out), "\n") {
		var child, parent int
		if n, _ := fmt.Sscan(line, &child, &parent); n == 2 && parent == pid {
			pids = append(pids, child)
		}
	}
	return pids, nil
}
