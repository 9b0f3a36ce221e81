package db

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

var quiet = slog.New(slog.DiscardHandler)

// MigrationItem is one thing a migration would apply, or has applied.
type MigrationItem struct {
	Kind  string     `json:"kind"` // migration, queue, file
	Name  string     `json:"name"`
	State string     `json:"state"` // applied, pending, changed, gone, unknown (applied by a newer binary)
	At    *time.Time `json:"at,omitempty"`
}

// MigrationStatus lists everything this binary carries and whether the database has it. It changes nothing.
func MigrationStatus(ctx context.Context, url string) ([]MigrationItem, error) {
	config, err := migrationConfig(url)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", where(config), err)
	}
	defer conn.Close(context.WithoutCancel(ctx))

	tables, err := statusOfTables(ctx, conn)
	if err != nil {
		return nil, err
	}
	queue, err := statusOfQueue(ctx, conn)
	if err != nil {
		return nil, err
	}
	files, err := statusOfFiles(ctx, conn)
	if err != nil {
		return nil, err
	}
	return append(append(tables, queue...), files...), nil
}

// MigrationPlan lists what Migrate would do now; empty when the database is up to date. It changes nothing.
func MigrationPlan(ctx context.Context, url string) ([]MigrationItem, error) {
	items, err := MigrationStatus(ctx, url)
	var plan []MigrationItem
	for _, i := range items {
		if i.State != "applied" {
			plan = append(plan, i)
		}
	}
	return plan, err
}

func statusOfTables(ctx context.Context, conn *pgx.Conn) ([]MigrationItem, error) {
	done, err := appliedAt[int64](ctx, conn, versionTable,
		"select version_id, tstamp at time zone 'UTC' from "+versionTable+" where is_applied and version_id > 0")
	if err != nil {
		return nil, err
	}
	list, err := migrations()
	if err != nil {
		return nil, err
	}
	var items []MigrationItem
	for _, m := range list {
		items = append(items, itemOf("migration", m.name, done, m.version))
		delete(done, m.version)
	}
	for version, at := range done {
		items = append(items, MigrationItem{Kind: "migration", Name: fmt.Sprintf("%05d", version), State: "unknown", At: &at})
	}
	return items, nil
}

func statusOfQueue(ctx context.Context, conn *pgx.Conn) ([]MigrationItem, error) {
	done, err := appliedAt[int](ctx, conn, RiverSchema+".river_migration",
		"select version::int, created_at from "+RiverSchema+".river_migration where line = 'main'")
	if err != nil {
		return nil, err
	}
	migrator, err := newQueueMigrator(nil)
	if err != nil {
		return nil, err
	}
	var items []MigrationItem
	for _, m := range migrator.AllVersions() {
		items = append(items, itemOf("queue", queueMigration(m.Version, m.Name), done, m.Version))
	}
	return items, nil
}

func statusOfFiles(ctx context.Context, conn *pgx.Conn) ([]MigrationItem, error) {
	at, err := appliedAt[string](ctx, conn, "meshhook.repeatables", "select name, applied_at from meshhook.repeatables")
	if err != nil {
		return nil, err
	}
	have := map[string][]byte{}
	if at != nil {
		if have, err = applied(ctx, conn); err != nil {
			return nil, err
		}
	}
	files, err := schemaFiles()
	if err != nil {
		return nil, err
	}
	changed, gone := differences(files, have)
	items := make([]MigrationItem, 0, len(files))
	index := map[string]int{}
	for _, f := range files {
		index[f.name] = len(items)
		items = append(items, itemOf("file", f.name, at, f.name))
	}
	for _, name := range changed {
		if i := &items[index[name]]; i.State == "applied" {
			i.State = "changed"
		}
	}
	for _, name := range gone {
		i := itemOf("file", name, at, name)
		i.State = "gone"
		items = append(items, i)
	}
	return items, nil
}

func itemOf[K comparable](kind, name string, done map[K]time.Time, key K) MigrationItem {
	if at, ok := done[key]; ok {
		return MigrationItem{Kind: kind, Name: name, State: "applied", At: &at}
	}
	return MigrationItem{Kind: kind, Name: name, State: "pending"}
}

// appliedAt reads a table of keys and times; nil when there is no such table yet.
func appliedAt[K comparable](ctx context.Context, conn *pgx.Conn, table, query string) (map[K]time.Time, error) {
	var exists bool
	if err := conn.QueryRow(ctx, "select to_regclass($1) is not null", table).Scan(&exists); err != nil || !exists {
		return nil, err
	}
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	done := map[K]time.Time{}
	var key K
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&key, &at}, func() error { done[key] = at; return nil })
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	return done, nil
}
