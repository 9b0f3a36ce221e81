//go:build unix

// Package tests runs the SQL tests below this folder: one folder a function, one file a behaviour.
package tests

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/profullstack/meshhook/db/dbtest"
)

// TestSQL runs every file as a subtest, each in a transaction that is rolled back, all in one database.
func TestSQL(t *testing.T) {
	files, err := filepath.Glob("*/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no SQL tests")
	}
	url := dbtest.URL(t)
	has, err := dbtest.HasPgTAP(t.Context(), dbtest.Open(t, url))
	if err != nil {
		t.Fatal(err)
	}
	if !has {
		t.Skipf("pgTAP IS MISSING, %d FILES OF SQL TESTS ARE NOT RUN. Debian: apt-get install postgresql-15-pgtap", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.ToSlash(file), ".sql"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			judge(t, runTAP(t, url, withShared(t, string(body))))
		})
	}
}

var withLine = regexp.MustCompile(`(?m)^-- with: ([a-z_]+\.sql)$`)

// withShared puts what several files share where they say so: a line "-- with: flow.sql" stands for that file of this folder.
func withShared(t *testing.T, body string) string {
	t.Helper()
	return withLine.ReplaceAllStringFunc(body, func(line string) string {
		shared, err := os.ReadFile(withLine.FindStringSubmatch(line)[1])
		if err != nil {
			t.Fatal(err)
		}
		return string(shared)
	})
}

// runTAP runs one file and answers with the lines of its output.
func runTAP(t *testing.T, url, body string) []string {
	t.Helper()
	if !regexp.MustCompile(`(?m)^begin;`).MatchString(body) || !strings.HasSuffix(strings.TrimSpace(body), "rollback;") {
		t.Fatal("the file must begin a transaction and end with rollback;")
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "set search_path = pgtap, public; set client_min_messages = warning"); err != nil {
		t.Fatal(err)
	}
	var lines []string
	results, err := conn.PgConn().Exec(t.Context(), body).ReadAll()
	for _, r := range results {
		for _, row := range r.Rows {
			lines = append(lines, strings.Split(string(row[0]), "\n")...)
		}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Position > 0 {
		line := 1 + strings.Count(string([]rune(body)[:pg.Position-1]), "\n")
		t.Fatalf("line %d: %v\n%s", line, err, pg.Detail)
	}
	if err != nil {
		t.Fatalf("%v after\n%s", err, strings.Join(lines, "\n"))
	}
	return lines
}

var (
	planLine   = regexp.MustCompile(`^1\.\.(\d+)`)
	resultLine = regexp.MustCompile(`^(not )?ok (\d+)(.*)`)
)

// judge reads TAP: every test ok, as many as planned, at least one.
func judge(t *testing.T, lines []string) {
	t.Helper()
	planned, ran := -1, 0
	for i, line := range lines {
		if m := planLine.FindStringSubmatch(line); m != nil {
			planned, _ = strconv.Atoi(m[1])
		}
		m := resultLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		ran++
		if m[1] != "" {
			why := line
			for _, next := range lines[i+1:] {
				if !strings.HasPrefix(next, "#") {
					break
				}
				why += "\n" + next
			}
			t.Error(why)
		}
	}
	switch {
	case ran == 0:
		t.Error("the file ran no test")
	case planned < 0:
		t.Error("the file has no plan")
	case planned != ran:
		t.Errorf("%d tests were planned, %d ran", planned, ran)
	}
}
