package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
)

// runRow is one row of meshhook.run_list.
type runRow struct {
	ID           uuid.UUID       `json:"id"`
	Project      string          `json:"project"`
	Workflow     string          `json:"workflow"`
	Version      int             `json:"version"`
	Status       string          `json:"status"`
	BusinessKey  *string         `json:"business_key"`
	Trigger      string          `json:"trigger"`
	StartedAt    time.Time       `json:"started_at"`
	FinishedAt   *time.Time      `json:"finished_at"`
	Attempts     *int            `json:"attempts"`
	CurrentStep  *string         `json:"current_step"`
	ErrorCode    *string         `json:"error_code"`
	ErrorMessage *string         `json:"error_message"`
	Output       json.RawMessage `json:"output"`
	Seq          int             `json:"seq"`
	RequestID    *uuid.UUID      `json:"request_id"`
}

const runColumns = "id, project, workflow, version, status::text, business_key, trigger, started_at, finished_at, attempts, current_step, error_code, error_message, output, seq, request_id"

func collectRuns(rows pgx.Rows, err error) ([]runRow, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[runRow])
}

// ended says whether nothing more will happen to the run.
func (r runRow) ended() bool { return r.FinishedAt != nil }

// duration is how long the run took, or has taken so far.
func (r runRow) duration(now time.Time) time.Duration {
	if r.FinishedAt != nil {
		now = *r.FinishedAt
	}
	return now.Sub(r.StartedAt)
}

// detail says in a few words what is most worth knowing of the run beside its status.
func (r runRow) detail() string {
	switch {
	case r.ErrorCode != nil && r.ErrorMessage != nil:
		return *r.ErrorCode + ": " + *r.ErrorMessage
	case !r.ended() && r.CurrentStep != nil:
		if number(r.Attempts) > 1 {
			return fmt.Sprintf("%s, attempt %d", *r.CurrentStep, *r.Attempts)
		}
		return *r.CurrentStep
	}
	return ""
}

// readRun finds a run by its id, or the one that started last.
func readRun(ctx context.Context, pool *pgxpool.Pool, name string) (runRow, error) {
	var rows []runRow
	var err error
	if name == "latest" {
		rows, err = collectRuns(pool.Query(ctx, "select "+runColumns+" from meshhook.run_list order by id desc limit 1"))
	} else {
		id, bad := uuid.Parse(name)
		if bad != nil {
			return runRow{}, usagef("%q is no run id (meshhook runs lists them)", name)
		}
		rows, err = collectRuns(pool.Query(ctx, "select "+runColumns+" from meshhook.run_list where id = $1", id))
	}
	if err != nil {
		return runRow{}, fmt.Errorf("read run: %w", err)
	}
	if len(rows) == 0 {
		return runRow{}, fmt.Errorf("there is no run %s that you can see", name)
	}
	return rows[0], nil
}

func readHistory(ctx context.Context, pool *pgxpool.Pool, id uuid.UUID) ([]event, error) {
	rows, err := pool.Query(ctx, "select seq, at, type, step, attempt, summary, data from meshhook.history($1)", id)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[event])
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	return events, nil
}

func newShowCommand(a *app) *cobra.Command {
	var withEvents bool
	c := &cobra.Command{
		Use:   "show RUN",
		Short: "Draw the timeline of a run: steps, attempts, backoff, errors, output",
		Long: "Draws a run in time, from its event log. RUN is the id of a run, or latest.\n" +
			"A full bar is an attempt, a dotted one the backoff before the next, a hatched one a timer.",
		Example: "  meshhook show latest\n  meshhook show 0199e6a1-7c3e-7b52-9f0e-3d7c1a8f2b64 --events",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			return a.showRun(c.Context(), pool, args[0], withEvents)
		},
	}
	c.Flags().BoolVar(&withEvents, "events", false, "list every event below the timeline")
	return c
}

func (a *app) showRun(ctx context.Context, pool *pgxpool.Pool, name string, withEvents bool) error {
	r, err := readRun(ctx, pool, name)
	if err != nil {
		return err
	}
	events, err := readHistory(ctx, pool, r.ID)
	if err != nil {
		return err
	}
	line, err := newTimeline(r.StartedAt, time.Now(), events)
	if err != nil {
		return err
	}
	if a.json {
		return writeJSON(a.out, map[string]any{"run": r, "steps": line.Steps, "events": events})
	}
	_, err = io.WriteString(a.out, drawRun(newPaint(a.out), r, line))
	if err == nil && withEvents {
		_, err = io.WriteString(a.out, "\n"+drawEvents(newPaint(a.out), r.StartedAt, events))
	}
	return err
}

// barWidth is how many characters the whole run takes.
const barWidth = 36

// drawRun is the run as text: a line about it, a line a step, below a call a line for each attempt and backoff.
func drawRun(p paint, r runRow, t *timeline) string {
	var b strings.Builder
	total := max(t.Total, r.duration(time.Now()))
	if r.ended() {
		total = max(t.Total, time.Millisecond)
	}
	fmt.Fprintf(&b, "%s %s  %s v%d  %s", p.status(r.Status, glyph(r.Status)), r.ID, p.bold(r.Workflow), r.Version,
		p.status(r.Status, r.Status))
	if r.ended() {
		fmt.Fprintf(&b, " in %s\n", span(r.duration(time.Now())))
	} else {
		fmt.Fprintf(&b, " for %s\n", span(r.duration(time.Now())))
	}
	by := r.Trigger
	if r.RequestID != nil {
		by += ", request " + r.RequestID.String()
	}
	if r.BusinessKey != nil {
		by += ", key " + *r.BusinessKey
	}
	b.WriteString(p.dim(fmt.Sprintf("  project %s, %s UTC, by %s", r.Project, r.StartedAt.UTC().Format("2006-01-02 15:04:05.000"), by)) + "\n\n")

	width := 12
	for _, s := range t.Steps {
		width = max(width, utf8.RuneCountInString(s.Step))
	}
	width = min(width, 24)
	row := func(name, status string, from, to offset, picture, note string) {
		took := ""
		if to > from {
			took = span(time.Duration(to - from))
		}
		line := fmt.Sprintf("  %s %s %s %s  %s  %s", pad(cut(name, width), width), p.status(status, glyph(status)),
			padLeft("+"+span(time.Duration(from)), 9), padLeft(took, 8), picture, note)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	for _, s := range t.Steps {
		if s.Status == "skipped" {
			b.WriteString(p.dim("  "+pad(cut(s.Step, width), width)+" "+glyph(s.Status)+strings.Repeat(" ", 21+barWidth+2)+"skipped") + "\n")
			continue
		}
		note := s.Note
		if note == "" && s.Status != "succeeded" {
			note = s.Status
		}
		row(s.Step, s.Status, s.From, s.To, drawBar(p, s, total), p.status(s.Status, note))
		if s.Kind != "call" || len(s.Parts) < 2 && s.Status == "succeeded" {
			continue
		}
		for _, one := range s.Parts {
			name := "· backoff"
			if one.Kind == "attempt" {
				name = fmt.Sprintf("· attempt %d", one.Attempt)
			}
			status := one.Status
			if one.Kind == "backoff" {
				status = ""
			}
			row(name, status, one.From, one.To, drawParts(p, []part{one}, total), p.status(status, one.Note))
		}
	}
	if r.ErrorCode != nil {
		fmt.Fprintf(&b, "\n  %s %s\n", p.red("error"), r.detail())
	}
	if len(r.Output) > 0 && string(r.Output) != "null" {
		fmt.Fprintf(&b, "\n  %s %s\n", p.bold("output"), indented(r.Output, "  "))
	}
	return b.String()
}

// drawBar is a step's line: its parts, or a tick where it was decided.
func drawBar(p paint, s *stepLine, total time.Duration) string {
	if len(s.Parts) > 0 {
		return drawParts(p, s.Parts, total)
	}
	at, _ := place(s.From, s.To, total)
	cells := []rune(strings.Repeat(" ", barWidth))
	cells[at] = '▏'
	return string(cells[:at]) + p.status(s.Status, string(cells[at])) + string(cells[at+1:])
}

// place is where a stretch of time begins and ends among the characters of a line; nothing is too short to be seen.
func place(from, to offset, total time.Duration) (first, behind int) {
	scale := float64(barWidth) / float64(max(total, 1))
	first = min(barWidth-1, int(math.Floor(float64(from)*scale)))
	behind = min(barWidth, max(first+1, int(math.Ceil(float64(to)*scale))))
	return first, behind
}

// drawParts lays stretches of time out on one line. Where two share a character, an attempt is what is seen.
func drawParts(p paint, parts []part, total time.Duration) string {
	type cell struct {
		shape  rune
		status string
	}
	cells := make([]cell, barWidth)
	for i := range cells {
		cells[i].shape = ' '
	}
	for _, kind := range []string{"timer", "backoff", "attempt"} {
		for _, one := range parts {
			if one.Kind != kind {
				continue
			}
			shape := map[string]rune{"timer": '▒', "backoff": '┄', "attempt": '█'}[kind]
			first, behind := place(one.From, one.To, total)
			for i := first; i < behind; i++ {
				cells[i] = cell{shape, one.Status}
			}
		}
	}
	var b strings.Builder
	for from := 0; from < barWidth; {
		to := from
		var run strings.Builder
		for ; to < barWidth && cells[to].status == cells[from].status; to++ {
			run.WriteRune(cells[to].shape)
		}
		b.WriteString(p.status(cells[from].status, run.String()))
		from = to
	}
	return b.String()
}

// drawEvents lists the log itself.
func drawEvents(p paint, start time.Time, events []event) string {
	var b strings.Builder
	for _, e := range events {
		step, summary := "", ""
		if e.Step != nil {
			step = *e.Step
		}
		if e.Summary != nil {
			summary = *e.Summary
		}
		fmt.Fprintf(&b, "  %4d %s  %s %s %s\n", e.Seq, p.dim(padLeft("+"+span(e.At.Sub(start)), 9)), pad(e.Type, 16),
			pad(step, 12), cellEscapes.Replace(summary))
	}
	return b.String()
}

// waitForRun polls until the run has ended.
func waitForRun(ctx context.Context, pool *pgxpool.Pool, id uuid.UUID) (runRow, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	last := runRow{ID: id, Status: "not read"}
	for {
		r, err := readRun(ctx, pool, id.String())
		if err == nil {
			last = r
		}
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return last, fmt.Errorf("the wait is over: run %s is still %s", id, last.Status)
		case err != nil || r.ended():
			return r, err
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
