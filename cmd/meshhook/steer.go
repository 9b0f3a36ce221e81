package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

// steerCommand is a verb that takes runs by id and does one thing to each, in one transaction: all or none.
func steerCommand(a *app, use, short, long, verb string, flags func(c *cobra.Command) (more func() []any)) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.MinimumNArgs(1)}
	more := func() []any { return nil }
	if flags != nil {
		more = flags(c)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.steer(c.Context(), args, verb, more()...)
	}
	return c
}

// steer calls a verb of one run, and of what else it takes, for each run named; in the order of their ids, as everybody locks.
func (a *app) steer(ctx context.Context, names []string, verb string, more ...any) error {
	pool, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	ids := make([]uuid.UUID, 0, len(names))
	for _, name := range names {
		r, err := readRun(ctx, pool, name)
		if err != nil {
			return err
		}
		ids = append(ids, r.ID)
	}
	slices.SortFunc(ids, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	ids = slices.Compact(ids)
	statement := "select meshhook." + verb + "(r.id"
	for i := range more {
		statement += fmt.Sprintf(", $%d", i+2)
	}
	statement += ") from unnest($1::uuid[]) with ordinality r(id, n)"
	if _, err := pool.Exec(ctx, statement, append([]any{ids}, more...)...); err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	answer := make([]map[string]any, 0, len(ids))
	rows := make([][]string, 0, len(ids))
	for _, id := range ids {
		r, err := readRun(ctx, pool, id.String())
		if err != nil {
			return err
		}
		answer = append(answer, map[string]any{"run": r.ID, "status": r.Status})
		rows = append(rows, []string{r.ID.String(), r.Status})
	}
	return a.show(answer, nil, rows)
}
