package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// execFile sends a whole file by the simple protocol: no splitting, and an error's position counts from the file's
// first character. Outside a transaction the file is one.
func execFile(ctx context.Context, conn *pgx.Conn, name, body string) error {
	_, err := conn.PgConn().Exec(ctx, body).ReadAll()
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Position > 0 {
		line, column := lineColumn(body, int(pg.Position))
		return fmt.Errorf("%s:%d:%d: %w", name, line, column, err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// lineColumn turns the 1-based character position of a server error into a line and a column, both from 1.
func lineColumn(text string, position int) (line, column int) {
	line, column = 1, 1
	for i := 1; i < position && len(text) > 0; i++ {
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}

// applied reads which re-appliable files the database has, by name; nil when it has none yet.
func applied(ctx context.Context, conn *pgx.Conn) (map[string][]byte, error) {
	rows, err := conn.Query(ctx, "select name, sha256 from meshhook.repeatables")
	if err != nil {
		return nil, fmt.Errorf("read applied schema files: %w", err)
	}
	have := map[string][]byte{}
	var name string
	var sum []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &sum}, func() error {
		have[name] = bytes.Clone(sum)
		return nil
	})
	return have, err
}

// differences names what applying would change: files that are new or changed, and those that are gone.
func differences(files []schemaFile, have map[string][]byte) (changed, gone []string) {
	known := map[string]bool{}
	for _, f := range files {
		known[f.name] = true
		if !bytes.Equal(have[f.name], f.sha256[:]) {
			changed = append(changed, f.name)
		}
	}
	for name := range have {
		if !known[name] {
			gone = append(gone, name)
		}
	}
	return changed, gone
}

// applySchema re-applies all files in one transaction when any of them, or what they stand on, differs from what the
// database has. It answers with what differed.
func applySchema(ctx context.Context, conn *pgx.Conn, wait time.Duration) ([]string, error) {
	files, err := schemaFiles()
	if err != nil {
		return nil, err
	}
	have, err := applied(ctx, conn)
	if err != nil {
		return nil, err
	}
	changed, gone := differences(files, have)
	if len(changed) == 0 && len(gone) == 0 {
		return nil, nil
	}
	// Policies lock tables against everybody. A short lock_timeout keeps a long reader from blocking all others
	// behind us: give way, and try again.
	deadline := time.Now().Add(wait)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := applyOnce(ctx, conn, files, gone)
		if err == nil {
			return append(changed, gone...), nil
		}
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "55P03" && pg.Code != "40P01" {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%w: %w", &Error{
				Code:    "MH_SCHEMA_BUSY",
				Message: fmt.Sprintf("a table was in use for %s, the schema is unchanged", wait),
				Hint:    "look for long transactions in pg_stat_activity, then run it again",
			}, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

func applyOnce(ctx context.Context, conn *pgx.Conn, files []schemaFile, gone []string) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, "set local lock_timeout = '2s'; set local client_min_messages = warning"); err != nil {
		return err
	}
	role := ""
	for _, f := range files {
		if f.role != role {
			if err := setLocalRole(ctx, tx, f.role); err != nil {
				return err
			}
			role = f.role
		}
		if err := execFile(ctx, conn, "sql/"+f.name, f.body); err != nil {
			return fmt.Errorf("apply %w", err)
		}
	}
	if err := setLocalRole(ctx, tx, ownerRole); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, f := range files {
		batch.Queue("insert into meshhook.repeatables as r (name, sha256) values ($1, $2) on conflict (name) do update set sha256 = excluded.sha256, applied_at = now() where r.sha256 <> excluded.sha256",
			f.name, f.sha256[:])
	}
	batch.Queue("delete from meshhook.repeatables where name = any ($1)", gone)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("note applied schema files: %w", err)
	}
	return tx.Commit(ctx)
}

func setLocalRole(ctx context.Context, tx pgx.Tx, role string) error {
	if role == "" {
		role = "none"
	} else {
		role = pgx.Identifier{role}.Sanitize()
	}
	if _, err := tx.Exec(ctx, "set local role "+role); err != nil {
		return fmt.Errorf("act as %s: %w", role, err)
	}
	return nil
}
