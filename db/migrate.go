package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	meshsql "github.com/profullstack/meshhook/sql"
)

// RiverSchema holds the queue's own tables.
const RiverSchema = "meshhook_river"

const versionTable = "meshhook.goose_db_version"

// MigrateOptions says how to migrate; the zero value is the usual way.
type MigrateOptions struct {
	LockWait time.Duration // how long to wait for tables in use; 0 means two minutes
	Progress func(string)  // told what is done; may be nil
}

// MigrationReport is what a migration changed.
type MigrationReport struct {
	Migrations []string `json:"migrations"` // numbered files applied
	Queue      []string `json:"queue"`      // River's migrations applied
	Files      []string `json:"files"`      // re-appliable files that were new, changed or gone
	Upkeep     []Upkeep `json:"upkeep"`     // what the first upkeep did
}

// Upkeep is one task of meshhook_engine.maintain and how much it did.
type Upkeep struct {
	Task string `json:"task"`
	Did  int    `json:"did"`
}

// Changed counts what the migration changed; 0 when everything was in place.
func (r MigrationReport) Changed() int {
	n := len(r.Migrations) + len(r.Queue) + len(r.Files)
	for _, u := range r.Upkeep {
		n += u.Did
	}
	return n
}

// Migrate brings a database up to what this binary carries: roles and schemas, numbered migrations, River's tables,
// re-appliable files, partitions. Any number of processes may call it at once: one works, the others find it done.
// It needs a direct connection (no transaction pooler) of a login that owns the database and has CREATEROLE.
func Migrate(ctx context.Context, url string, o MigrateOptions) (MigrationReport, error) {
	var report MigrationReport
	say := o.Progress
	if say == nil {
		say = func(string) {}
	}
	if o.LockWait <= 0 {
		o.LockWait = 2 * time.Minute
	}
	config, err := migrationConfig(url)
	if err != nil {
		return report, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return report, fmt.Errorf("connect to %s: %w", where(config), err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := lockInstallation(ctx, conn, say); err != nil {
		return report, err
	}

	if err := refuseNewer(ctx, conn); err != nil {
		return report, err
	}
	roles, err := fs.ReadFile(meshsql.Files, "roles.sql")
	if err != nil {
		return report, err
	}
	if err := execFile(ctx, conn, "sql/roles.sql", string(roles)); err != nil {
		return report, fmt.Errorf("make roles and schemas: %w", err)
	}
	if report.Migrations, err = migrateTables(ctx, config, say); err != nil {
		return report, err
	}
	if report.Queue, err = migrateQueue(ctx, url, say); err != nil {
		return report, err
	}
	if report.Files, err = applySchema(ctx, conn, o.LockWait); err != nil {
		return report, err
	}
	if len(report.Files) > 0 {
		say(fmt.Sprintf("applied %d schema files", len(report.Files)))
	}
	report.Upkeep, err = maintain(ctx, conn)
	return report, err
}

// migrationConfig is a connection that no timeout of the role or the database cuts off.
func migrationConfig(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database url: %w", err)
	}
	prepareConnection(config, "meshhook migrate")
	config.AfterConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		_, err := c.Exec(ctx, "set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0").ReadAll()
		return err
	}
	return config, nil
}

// lockInstallation waits until no other process migrates this database. It asks again and again rather than wait
// inside the server, where the waiter's snapshot would keep a "create index concurrently" from ever finishing.
func lockInstallation(ctx context.Context, conn *pgx.Conn, say func(string)) error {
	for told := false; ; told = true {
		var got bool
		if err := conn.QueryRow(ctx, "select pg_try_advisory_lock(1835362152, 0)").Scan(&got); err != nil {
			return fmt.Errorf("lock the installation: %w", err)
		}
		if got {
			return nil
		}
		if !told {
			say("another process is migrating, waiting for it")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for another migration: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// refuseNewer stops a binary that is older than the schema it meets.
func refuseNewer(ctx context.Context, conn *pgx.Conn) error {
	have, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	if known := SchemaVersion(); have > known {
		return &Error{
			Code:    "MH_SCHEMA_NEWER",
			Message: fmt.Sprintf("the database is at schema %d, this binary knows up to %d", have, known),
			Hint:    "install the MeshHook release that made it, or a newer one; nothing was changed",
		}
	}
	return nil
}

// schemaVersion is the newest numbered migration the database has; 0 when it has none.
func schemaVersion(ctx context.Context, conn *pgx.Conn) (int64, error) {
	var exists bool
	if err := conn.QueryRow(ctx, "select to_regclass($1) is not null", versionTable).Scan(&exists); err != nil || !exists {
		return 0, err
	}
	var version int64
	err := conn.QueryRow(ctx, "select coalesce(max(version_id), 0) from "+versionTable).Scan(&version)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" {
		return 0, fmt.Errorf("read the schema's version: %w", &Error{
			Code:    "MH_ROLE_NOT_GRANTED",
			Message: "this login may not read MeshHook's tables",
			Hint:    "migrate as the login that installed it, or grant it meshhook_owner",
		})
	}
	return version, err
}

// migrateTables applies the numbered files as the owner, on connections of goose's own.
func migrateTables(ctx context.Context, config *pgx.ConnConfig, say func(string)) ([]string, error) {
	files, err := fs.Sub(meshsql.Files, "migrations")
	if err != nil {
		return nil, err
	}
	handle := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "set role meshhook_owner")
		return err
	}))
	defer handle.Close()
	provider, err := newProvider(handle, files)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	var partial *goose.PartialError
	if errors.As(err, &partial) {
		results = partial.Applied
	}
	var done []string
	for _, r := range results {
		done = append(done, path.Base(r.Source.Path))
		say("applied " + path.Base(r.Source.Path))
	}
	if err != nil {
		return done, fmt.Errorf("migrate tables: %w", err)
	}
	return done, nil
}

func newProvider(handle *sql.DB, files fs.FS) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectPostgres, handle, files,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
}

// migrateQueue applies River's migrations as the owner: on every start, since each release of River may bring some.
func migrateQueue(ctx context.Context, url string, say func(string)) ([]string, error) {
	pool, err := Open(ctx, url, PoolOptions{MaxConns: 2, Role: ownerRole, Name: "meshhook migrate"})
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	migrator, err := newQueueMigrator(pool)
	if err != nil {
		return nil, err
	}
	result, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return nil, fmt.Errorf("migrate the queue: %w", err)
	}
	var done []string
	for _, v := range result.Versions {
		done = append(done, queueMigration(v.Version, v.Name))
	}
	if len(done) > 0 {
		say(fmt.Sprintf("applied %d migrations of the queue", len(done)))
	}
	return done, nil
}

// newQueueMigrator may be given no pool when it is only asked what there is.
func newQueueMigrator(pool *pgxpool.Pool) (*rivermigrate.Migrator[pgx.Tx], error) {
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: RiverSchema, Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("read the queue's migrations: %w", err)
	}
	return m, nil
}

func queueMigration(version int, name string) string {
	return fmt.Sprintf("river_%03d_%s", version, name)
}

// maintain runs the upkeep once, so that a new installation has the partitions it needs.
func maintain(ctx context.Context, conn *pgx.Conn) ([]Upkeep, error) {
	rows, err := conn.Query(ctx, "select task, did from meshhook_engine.maintain() where did > 0")
	if err != nil {
		return nil, fmt.Errorf("first upkeep: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Upkeep])
	if err != nil {
		return nil, fmt.Errorf("first upkeep: %w", err)
	}
	return list, nil
}
