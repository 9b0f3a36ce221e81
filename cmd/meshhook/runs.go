package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/profullstack/meshhook/db"
)

// runFilter says which runs are meant; empty fields leave the choice open.
type runFilter struct{ project, workflow, status string }

func (f *runFilter) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.project, "project", "", "only runs of this project")
	c.Flags().StringVar(&f.workflow, "workflow", "", "only runs of this workflow")
}

// where is a condition on run_list whose parameters are those of args.
func (f runFilter) where() (condition string, args []any) {
	condition = "true"
	for _, one := range []struct{ column, value string }{
		{"project", f.project}, {"workflow", f.workflow}, {"status::text", f.status},
	} {
		if one.value != "" {
			args = append(args, one.value)
			condition += fmt.Sprintf(" and %s = $%d", one.column, len(args))
		}
	}
	return condition, args
}

var runStatuses = []string{"running", "waiting", "paused", "succeeded", "failed", "canceled"}

func newRunsCommand(a *app) *cobra.Command {
	var filter runFilter
	var limit int
	var follow bool
	c := &cobra.Command{
		Use:     "runs",
		Short:   "List runs, newest first; with --follow print each as it begins and ends",
		Example: "  meshhook runs --status failed --limit 50\n  meshhook runs --workflow order-paid --follow",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if filter.status != "" && !slices.Contains(runStatuses, filter.status) {
				return usagef("--status is one of %s, not %q", strings.Join(runStatuses, ", "), filter.status)
			}
			if limit < 1 || limit > 10_000 {
				return usagef("--limit is from 1 to 10000, not %d", limit)
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			if follow {
				return a.followRuns(c.Context(), pool, filter, time.Now())
			}
			return a.listRuns(c.Context(), pool, filter, limit)
		},
	}
	filter.flags(c)
	c.Flags().StringVar(&filter.status, "status", "", "only runs of this status: "+strings.Join(runStatuses, ", "))
	c.Flags().IntVar(&limit, "limit", 20, "how many at most")
	c.Flags().BoolVar(&follow, "follow", false, "go on until interrupted, printing what happens from now on")
	return c
}

func (a *app) listRuns(ctx context.Context, pool *pgxpool.Pool, filter runFilter, limit int) error {
	condition, args := filter.where()
	args = append(args, limit)
	runs, err := collectRuns(pool.Query(ctx, fmt.Sprintf(
		"select %s from meshhook.run_list where %s order by id desc limit $%d", runColumns, condition, len(args)), args...))
	if err != nil {
		return fmt.Errorf("list runs: %w", err)
	}
	now := time.Now()
	rows := make([][]string, 0, len(runs))
	for _, r := range runs {
		rows = append(rows, []string{
			r.ID.String(), r.Project, r.Workflow, fmt.Sprint(r.Version), r.Status,
			r.StartedAt.UTC().Format("2006-01-02 15:04:05"), span(r.duration(now)), cut(r.detail(), 80),
		})
	}
	return a.showColoured(runs, []string{"run", "project", "workflow", "version", "status", "started (UTC)", "took", "detail"}, rows,
		func(p paint, row, column int, cell string) string {
			switch column {
			case 4, 7:
				return p.status(runs[row].Status, cell)
			}
			return cell
		})
}

// follower watches runs by asking again and again: a run is told when it is first seen, if it is open then, and when it
// has ended. Ids sort by time, so each look costs as much as what is new.
type follower struct {
	pool   *pgxpool.Pool
	filter runFilter
	since  time.Time         // start of the latest run seen
	told   map[uuid.UUID]int // seq at which a run was seen, -1 once it has ended; kept while it is open or recent
}

// Runs whose commit comes this much after their start may be overlooked: the id is made before the commit.
const followOverlap = 10 * time.Second

// look answers what there is to tell since the last look, oldest first.
func (f *follower) look(ctx context.Context) ([]runRow, error) {
	open := make([]uuid.UUID, 0, len(f.told))
	for id := range f.told {
		open = append(open, id)
	}
	filter := f.filter
	filter.status = "" // a run is followed until it ends, whatever it is now; what is told is chosen below
	condition, args := filter.where()
	args = append(args, firstID(f.since.Add(-followOverlap)), open)
	runs, err := collectRuns(f.pool.Query(ctx, fmt.Sprintf(
		"select %s from meshhook.run_list where %s and (id >= $%d or id = any ($%d)) order by id limit 1000",
		runColumns, condition, len(args)-1, len(args)), args...))
	if err != nil {
		return nil, err
	}
	var news []runRow
	for _, r := range runs {
		known, told := f.told[r.ID]
		if (!told || r.ended() && known >= 0) && (f.filter.status == "" || f.filter.status == r.Status) {
			news = append(news, r)
		}
		f.told[r.ID] = r.Seq
		if r.ended() {
			f.told[r.ID] = -1
		}
		if r.StartedAt.After(f.since) {
			f.since = r.StartedAt
		}
	}
	for _, r := range runs {
		if r.ended() && r.StartedAt.Before(f.since.Add(-2*followOverlap)) {
			delete(f.told, r.ID)
		}
	}
	return news, nil
}

// skip marks the runs there are as told.
func (f *follower) skip(ctx context.Context) error {
	_, err := f.look(ctx)
	return err
}

// firstID is the smallest id of a run that starts at t: an uuid v7 begins with its milliseconds.
func firstID(t time.Time) uuid.UUID {
	var id uuid.UUID
	ms := uint64(max(0, t.UnixMilli()))
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return id
}

// followRuns prints news until the context ends, which is how it is meant to end.
func (a *app) followRuns(ctx context.Context, pool *pgxpool.Pool, filter runFilter, since time.Time) error {
	f := &follower{pool: pool, filter: filter, since: since, told: map[uuid.UUID]int{}}
	if err := f.skip(ctx); err != nil {
		return fmt.Errorf("list runs: %w", err)
	}
	return a.follow(ctx, f)
}

// followPatience is how long the database may be away before following it ends.
const followPatience = 30 * time.Second

func (a *app) follow(ctx context.Context, f *follower) error {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	var lost time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		news, err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			lost = time.Time{}
		case !db.IsUnavailable(err) || !lost.IsZero() && time.Since(lost) > followPatience:
			return fmt.Errorf("follow runs: %w", err)
		case lost.IsZero():
			lost = time.Now()
			fmt.Fprintln(a.err, "meshhook: the database does not answer, trying again:", err)
		}
		for _, r := range news {
			if err := a.tell(r); err != nil {
				return err
			}
		}
	}
}

// tell prints one run as one line.
func (a *app) tell(r runRow) error {
	if a.json {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%s\n", line)
		return err
	}
	p := newPaint(a.out)
	at, took := r.StartedAt, ""
	if r.ended() {
		at, took = *r.FinishedAt, "in "+span(r.duration(at))
	}
	_, err := io.WriteString(a.out, strings.TrimRight(fmt.Sprintf("%s  %s %s  %s %s  %s", p.dim(at.UTC().Format("15:04:05.000")),
		p.status(r.Status, glyph(r.Status)+" "+pad(r.Status, 9)), padLeft(took, 11), pad(r.Workflow, 16), r.ID,
		p.status(r.Status, r.detail())), " ")+"\n")
	return err
}
