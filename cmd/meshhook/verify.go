package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
)

// difference is a row of meshhook.verify: where a run's log, folded again, does not give what is recorded.
type difference struct {
	Run      uuid.UUID       `json:"run"`
	Seq      *int            `json:"seq"`
	Step     *string         `json:"step"`
	Code     string          `json:"code"`
	Expected json.RawMessage `json:"expected"`
	Got      json.RawMessage `json:"got"`
}

// verifyBatch is how many runs one statement folds again.
const verifyBatch = 200

func newVerifyCommand(a *app) *cobra.Command {
	var all bool
	var filter runFilter
	c := &cobra.Command{
		Use:   "verify RUN... | --all",
		Short: "Prove runs from their own logs: fold them again and compare everything",
		Long: "Folds the log of each run again through the same state machine and compares every event, the snapshot and the\n" +
			"bytes of the request. Prints what differs; exit code 1 when anything does.",
		Example: "  meshhook verify latest\n  meshhook verify --all --project demo",
		RunE: func(c *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usagef("give the ids of runs, or --all")
			}
			if !all && (filter.project != "" || filter.workflow != "") {
				return usagef("--project and --workflow narrow --all down; they say nothing beside ids")
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			if all {
				return a.verifyAll(c.Context(), pool, filter)
			}
			return a.verifyRuns(c.Context(), pool, args)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "every run there is")
	filter.flags(c)
	return c
}

func (a *app) verifyRuns(ctx context.Context, pool *pgxpool.Pool, names []string) error {
	ids := make([]uuid.UUID, 0, len(names))
	for _, name := range names {
		r, err := readRun(ctx, pool, name)
		if err != nil {
			return err
		}
		ids = append(ids, r.ID)
	}
	found, err := verifyIDs(ctx, pool, ids)
	if err != nil {
		return err
	}
	return a.showVerified(len(ids), found)
}

func (a *app) verifyAll(ctx context.Context, pool *pgxpool.Pool, filter runFilter) error {
	var found []difference
	var last uuid.UUID
	checked := 0
	for {
		condition, args := filter.where()
		args = append(args, last, verifyBatch)
		rows, err := pool.Query(ctx, fmt.Sprintf("select id from meshhook.run_list where %s and id > $%d order by id limit $%d",
			condition, len(args)-1, len(args)), args...)
		if err != nil {
			return fmt.Errorf("list runs: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return fmt.Errorf("list runs: %w", err)
		}
		more, err := verifyIDs(ctx, pool, ids)
		if err != nil {
			return err
		}
		found = append(found, more...)
		checked += len(ids)
		if len(ids) < verifyBatch {
			return a.showVerified(checked, found)
		}
		last = ids[len(ids)-1]
		if isTerminal(a.err) {
			fmt.Fprintf(a.err, "\r%d runs verified", checked)
		}
	}
}

func verifyIDs(ctx context.Context, pool *pgxpool.Pool, ids []uuid.UUID) ([]difference, error) {
	rows, err := pool.Query(ctx, "select r.id, v.seq, v.step, v.code, v.expected, v.got from unnest($1::uuid[]) r(id), meshhook.verify(r.id) v", ids)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[difference])
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return found, nil
}

// showVerified prints what differs; that something does is exit code 1.
func (a *app) showVerified(checked int, found []difference) error {
	if isTerminal(a.err) && checked > verifyBatch {
		fmt.Fprint(a.err, "\r\x1b[K")
	}
	differ := map[uuid.UUID]bool{}
	rows := make([][]string, 0, len(found))
	for _, d := range found {
		differ[d.Run] = true
		step, seq := "", ""
		if d.Step != nil {
			step = *d.Step
		}
		if d.Seq != nil {
			seq = fmt.Sprint(*d.Seq)
		}
		rows = append(rows, []string{d.Run.String(), seq, step, d.Code, cut(compact(d.Expected), 60), cut(compact(d.Got), 60)})
	}
	var err error
	switch {
	case a.json:
		if found == nil {
			found = []difference{}
		}
		err = writeJSON(a.out, map[string]any{"checked": checked, "differ": len(differ), "differences": found})
	case len(found) == 0:
		_, err = fmt.Fprintf(a.out, "%s %s proven\n", newPaint(a.out).green("✓"), count(checked, "run"))
	default:
		if err = a.show(nil, []string{"run", "seq", "step", "code", "expected", "got"}, rows); err == nil {
			_, err = fmt.Fprintf(a.out, "%s %s verified, %d differ\n", newPaint(a.out).red("✗"), count(checked, "run"), len(differ))
		}
	}
	if err == nil && len(found) > 0 {
		err = exitError{exitFailed}
	}
	return err
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
