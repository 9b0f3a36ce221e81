// Package db is everything between Go and PostgreSQL: pools, migrations, group commit, and a local server for
// development and tests. It holds no rules: those are SQL.
package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// PoolOptions says how a pool differs from the default one.
type PoolOptions struct {
	MaxConns int32  // 0 means 8
	Role     string // role each connection acts as ("set role"); "" means the login itself
	Name     string // application_name; "" means "meshhook"

	// Pooler says that a transaction pooler stands in between: nothing may outlive a transaction, so statements
	// are described anew each time instead of being prepared.
	Pooler bool
}

// Open makes a pool and checks that the server answers.
func Open(ctx context.Context, url string, o PoolOptions) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database url: %w", err)
	}
	config.MaxConns = o.MaxConns
	if config.MaxConns <= 0 {
		config.MaxConns = 8
	}
	config.MaxConnIdleTime = 5 * time.Minute
	config.MaxConnLifetime = time.Hour
	config.MaxConnLifetimeJitter = 10 * time.Minute
	config.HealthCheckPeriod = 15 * time.Second
	config.PingTimeout = time.Second // of a connection that was idle for a second: a dead one does not eat the caller's time
	prepareConnection(config.ConnConfig, o.Name)
	if o.Pooler {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	if o.Role != "" {
		config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "set role "+pgx.Identifier{o.Role}.Sanitize())
			return err
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to %s: %w", where(config.ConnConfig), err)
	}
	return pool, nil
}

// prepareConnection sets what every connection of ours has in common.
func prepareConnection(c *pgx.ConnConfig, name string) {
	if name == "" {
		name = "meshhook"
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = name
	}
	c.RuntimeParams["timezone"] = "UTC"
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 10 * time.Second
	}
}

// where names a server for people, without its password.
func where(c *pgx.ConnConfig) string {
	return fmt.Sprintf("%s@%s:%d/%s", c.User, c.Host, c.Port, c.Database)
}
