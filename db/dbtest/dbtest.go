//go:build unix

// Package dbtest gives tests a real database each: a copy of a template that holds the whole schema.
//
// The server is the one that MESHHOOK_TEST_URL names (make test starts one for all packages), else one that the first
// test of the process starts and that ends with it.
package dbtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/db"
)

// URLVariable names the server that tests use; its login must be a superuser without a password.
const URLVariable = "MESHHOOK_TEST_URL"

// New gives the test a database of its own with the whole schema in it, as a superuser. It is gone after the test.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return Open(t, URL(t))
}

// URL is the address of a database of the test's own, as a superuser. It is gone after the test.
func URL(t testing.TB) string {
	t.Helper()
	server, err := server()
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	return Clone(t, server)
}

// Empty is the address of a database of the test's own that nothing has been done to. It is gone after the test.
func Empty(t testing.TB) string {
	t.Helper()
	server, err := server()
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	return create(t, server, "template1")
}

// Server starts a server that the test may kill and restart, of the version that MESHHOOK_PG_VERSION asks for. It is
// gone after the test.
func Server(t testing.TB) *db.LocalServer {
	t.Helper()
	s, err := db.StartLocal(t.Context(), db.LocalOptions{Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("dbtest: %v", err)
		}
	})
	return s
}

// Clone gives the test a database of its own with the whole schema in it, on the given server. It is gone after the
// test.
func Clone(t testing.TB, serverURL string) string {
	t.Helper()
	name, err := template(t.Context(), serverURL)
	if err != nil {
		t.Fatalf("dbtest: make the template: %v", err)
	}
	return create(t, serverURL, name)
}

// Open opens a pool that is closed after the test.
func Open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := db.Open(t.Context(), url, db.PoolOptions{})
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// As is the same database with another login. Servers for tests ask nobody for a password.
func As(t testing.TB, address, role string) string {
	t.Helper()
	return change(t, address, func(u *url.URL) { u.User = url.User(role) })
}

var server = sync.OnceValues(func() (string, error) {
	if u := os.Getenv(URLVariable); u != "" {
		return u, nil
	}
	s, err := db.StartLocal(context.Background(), db.LocalOptions{
		Progress: func(s string) { fmt.Fprintln(os.Stderr, s) },
	})
	if err != nil {
		return "", err
	}
	return s.URL, nil // it ends with this process; the next one sweeps its folder
})

// create makes a database and sees to it that it goes with the test.
func create(t testing.TB, serverURL, template string) string {
	t.Helper()
	name := fmt.Sprintf("mh_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	if err := exec(t.Context(), serverURL, fmt.Sprintf("create database %q template %q", name, template)); err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() {
		// Not the test's context, which is done by now.
		if err := exec(context.Background(), serverURL, fmt.Sprintf("drop database if exists %q with (force)", name)); err != nil {
			t.Logf("dbtest: %v", err) // a test may have killed the server
		}
	})
	return withDatabase(t, serverURL, name)
}

func withDatabase(t testing.TB, address, name string) string {
	t.Helper()
	return change(t, address, func(u *url.URL) { u.Path = "/" + name })
}

func change(t testing.TB, address string, f func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		t.Fatalf("dbtest: %s must be a postgres:// address", URLVariable)
	}
	f(u)
	return u.String()
}

func exec(ctx context.Context, address string, statements ...string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

const templatePrefix = "mh_template_"

// template names the database that holds the schema of this binary, making it when it is not there: once for all
// processes that test the same schema.
func template(ctx context.Context, serverURL string) (string, error) {
	hash, err := db.SchemaHash()
	if err != nil {
		return "", err
	}
	pgtap, err := pgtapScript()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(hash + pgtap))
	name := fmt.Sprintf("%s%x", templatePrefix, sum[:8])
	conn, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(1835362152, -1)"); err != nil {
		return "", err
	}
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&exists); err != nil || exists {
		return name, err
	}
	// Made under another name, so that a template is whole or not there.
	making := name + "_making"
	for _, s := range []string{"drop database if exists %q with (force)", "create database %q"} {
		if _, err := conn.Exec(ctx, fmt.Sprintf(s, making)); err != nil {
			return "", err
		}
	}
	u, err := url.Parse(serverURL)
	if err != nil {
		return "", err
	}
	u.Path = "/" + making
	if err := fill(ctx, u.String(), pgtap); err != nil {
		return "", err
	}
	for _, s := range []string{
		fmt.Sprintf("alter database %q with is_template true allow_connections false", making),
		fmt.Sprintf("alter database %q rename to %q", making, name),
	} {
		if _, err := conn.Exec(ctx, s); err != nil {
			return "", err
		}
	}
	return name, dropOldTemplates(ctx, conn)
}

// dropOldTemplates keeps a server that outlives the tests from filling up; tests of a few other versions of the schema
// may be running.
func dropOldTemplates(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, "select datname from pg_database where starts_with(datname, $1) order by oid desc offset 5", templatePrefix)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		for _, s := range []string{"alter database %q with is_template false", "drop database %q with (force)"} {
			if _, err := conn.Exec(ctx, fmt.Sprintf(s, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill makes a template of an empty database.
func fill(ctx context.Context, address, pgtap string) error {
	if _, err := db.Migrate(ctx, address, db.MigrateOptions{}); err != nil {
		return err
	}
	if err := exec(ctx, address, "insert into meshhook.settings (name, value) values ('test', 'true')"); err != nil {
		return err
	}
	return loadPgTAP(ctx, address, pgtap)
}
