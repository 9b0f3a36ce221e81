//go:build unix

package dbtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// HasPgTAP says whether the database has pgTAP, in the schema pgtap.
func HasPgTAP(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	var has bool
	err := pool.QueryRow(ctx, "select to_regproc('pgtap.plan') is not null").Scan(&has)
	return has, err
}

// loadPgTAP puts pgTAP into a schema of its own: as the server's extension, else by the script found elsewhere.
func loadPgTAP(ctx context.Context, address, script string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var available bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_available_extensions where name = 'pgtap')").Scan(&available); err != nil {
		return err
	}
	switch {
	case available:
		script = "create extension pgtap schema pgtap;"
	case script == "":
		return nil
	}
	// Tests call it as whatever role they are about.
	script = "create schema pgtap; grant usage on schema pgtap to public; set search_path = pgtap, public; " + script
	if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
		return fmt.Errorf("load pgTAP: %w", err)
	}
	return nil
}

var pgtapName = regexp.MustCompile(`/pgtap--[0-9.]+\.sql$`)

// pgtapScript is the extension's script, for servers that do not have it installed: that of another server on this
// machine, or of the package that make test has unpacked into MESHHOOK_PGTAP. Empty where there is none.
func pgtapScript() (string, error) {
	var scripts []string
	for _, root := range []string{"", os.Getenv("MESHHOOK_PGTAP")} {
		found, err := filepath.Glob(root + "/usr/share/postgresql/*/extension/pgtap--*.sql")
		if err != nil {
			return "", err
		}
		for _, f := range found {
			if pgtapName.MatchString(f) {
				scripts = append(scripts, f)
			}
		}
	}
	if len(scripts) == 0 {
		return "", nil
	}
	sort.Slice(scripts, func(i, j int) bool { return filepath.Base(scripts[i]) < filepath.Base(scripts[j]) })
	text, err := os.ReadFile(scripts[len(scripts)-1])
	return string(text), err
}
