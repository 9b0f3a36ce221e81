package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// explain says what to do next.
func (d *dev) explain(o devOptions, demo demo, first runRow) error {
	if d.app.json {
		what := map[string]any{"door": d.door, "database_url": d.database, "data_dir": d.home}
		if !o.noDemo {
			what["webhook"] = map[string]any{
				"url": d.door + demo.path, "header": demoHeader, "secret": string(demo.target.secret), "version": demo.version,
			}
			what["run"] = first
		}
		return writeJSON(d.app.out, what)
	}
	title := func(s string) { d.line(""); d.line("%s", d.paint.bold(s)) }
	if !o.noDemo {
		title("Send another order")
		d.line("%s", demo.curl(d.door, demo.order(nextOrder(time.Now().Add(time.Second)))))
	}
	title("Look inside")
	d.line("psql '%s' -c 'select id, workflow, status, duration from meshhook.run_list order by id desc limit 5'", d.database)
	if !o.once {
		if home, err := devHome(); err != nil || d.state == nil || home != d.home {
			d.line("export DATABASE_URL='%s' MESHHOOK_BASE_URL=%s MESHHOOK_KEK_FILE='%s'", d.database, d.door, d.kekFile)
		}
		d.line("%s psql", d.self)
		d.line("%s show latest", d.self)
		d.line("%s verify --all", d.self)
		title("Status")
		d.line("%s/healthz  %s/readyz", d.door, d.door)
		d.line("")
		d.line("%s", d.paint.dim("Running until Ctrl-C. Runs as they happen (UTC):"))
	}
	return nil
}

// self is how this program is called from where its caller stands.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return "meshhook"
	}
	if found, err := exec.LookPath("meshhook"); err == nil && sameFile(found, path) {
		return "meshhook"
	}
	if strings.Contains(path, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/meshhook" // what go run built is gone when it ends
	}
	if here, err := os.Getwd(); err == nil {
		if near, err := filepath.Rel(here, path); err == nil && !strings.HasPrefix(near, "..") {
			return "." + string(filepath.Separator) + near
		}
	}
	return path
}

func sameFile(a, b string) bool {
	first, err1 := os.Stat(a)
	second, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(first, second)
}

// say tells what was done, under a word that says about what.
func (d *dev) say(about, format string, args ...any) {
	d.line("%s %s", d.paint.dim(pad(about, 9)), fmt.Sprintf(format, args...))
}

// line prints a line for people; with --json standard output belongs to JSON alone.
func (d *dev) line(format string, args ...any) {
	var out io.Writer = d.app.out
	if d.app.json {
		out = d.app.err
	}
	fmt.Fprintf(out, format+"\n", args...)
}
