package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
)

// explanation is the row of meshhook.explain_request.
type explanation struct {
	Verdict    string   `json:"verdict"`
	Cause      *string  `json:"cause"`
	Why        *string  `json:"why"`
	Problem    string   `json:"problem"`
	Advice     *string  `json:"advice"`
	VerifiedBy *string  `json:"verified_by"`
	Signed     *string  `json:"signed"`
	Expected   *string  `json:"expected"`
	Got        *string  `json:"got"`
	ClockOff   *string  `json:"clock_off"`
	Secrets    []string `json:"secrets"`
	Later      *string  `json:"later"`
}

func newExplainCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain REQUEST",
		Short: "Say why a webhook was refused and what to do about it (REQUEST is an id, or latest: the last one refused)",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			id, err := findRequest(c.Context(), pool, args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.showQuery(c.Context(), pool, "select * from meshhook.explain_request($1)", id)
			}
			return a.explain(c.Context(), pool, id)
		},
	}
}

func (a *app) explain(ctx context.Context, pool *pgxpool.Pool, id uuid.UUID) error {
	rows, err := pool.Query(ctx, `select verdict, cause, why, problem, advice, verified_by, signed, expected, got, clock_off::text, secrets, later
		from meshhook.explain_request($1)`, id)
	if err != nil {
		return fmt.Errorf("explain request: %w", err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[explanation])
	if err != nil {
		return fmt.Errorf("explain request: %w", err)
	}
	lines := [][]string{{"request", id.String()}}
	add := func(name string, value *string) {
		if value != nil && *value != "" {
			lines = append(lines, []string{name, *value})
		}
	}
	add("verdict", &e.Verdict)
	add("cause", e.Cause)
	add("what happened", &e.Problem)
	add("what to do", e.Advice)
	add("verified by", e.VerifiedBy)
	add("what was signed", e.Signed)
	add("expected", e.Expected)
	add("came", e.Got)
	add("clocks apart", e.ClockOff)
	if len(e.Secrets) > 0 {
		secrets := strings.Join(e.Secrets, ", ")
		add("secrets tried", &secrets)
	}
	add("later", e.Later)
	return writeTable(a.out, nil, lines)
}

// findRequest reads a request's id, or finds the last one that was refused.
func findRequest(ctx context.Context, pool *pgxpool.Pool, name string) (uuid.UUID, error) {
	if name != "latest" {
		id, err := uuid.Parse(name)
		if err != nil {
			return uuid.Nil, usagef("%q is no id of a request (select id, verdict, cause from meshhook.request_log shows them)", name)
		}
		return id, nil
	}
	rows, err := pool.Query(ctx, "select id from meshhook.request_log where verdict = 'rejected' order by id desc limit 1")
	if err != nil {
		return uuid.Nil, fmt.Errorf("find request: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	switch {
	case err != nil:
		return uuid.Nil, fmt.Errorf("find request: %w", err)
	case len(ids) == 0:
		return uuid.Nil, fmt.Errorf("no request was refused that you can see")
	}
	return ids[0], nil
}

func newReevaluateCommand(a *app) *cobra.Command {
	var patience time.Duration
	c := &cobra.Command{
		Use:   "reevaluate REQUEST",
		Short: "Have a refused webhook verified again, once its endpoint's secrets are right (REQUEST is an id, or latest)",
		Long: "Asks a door to take the kept bytes through verification again, and waits for what comes of it. One that is verified\n" +
			"now enters, and starts its runs. Exit code 1 when it is still refused or no door answered in time.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			id, err := findRequest(c.Context(), pool, args[0])
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context(), patience)
			defer cancel()
			return a.reevaluate(ctx, pool, id)
		},
	}
	c.Flags().DurationVar(&patience, "wait", 15*time.Second, "how long to wait for a door")
	return c
}

func (a *app) reevaluate(ctx context.Context, pool *pgxpool.Pool, id uuid.UUID) error {
	var asked int64
	if err := pool.QueryRow(ctx, "select meshhook.reevaluate($1)", id).Scan(&asked); err != nil {
		return fmt.Errorf("reevaluate request: %w", err)
	}
	var verdict string
	var raw json.RawMessage
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := pool.QueryRow(ctx, "select coalesce(verdict, ''), row_to_json(l)::jsonb from meshhook.reevaluation_list l where id = $1", asked).Scan(&verdict, &raw)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("no door has taken it up yet; meshhook.reevaluation_list will tell (is meshhook serve running?)")
		case err != nil:
			return fmt.Errorf("reevaluate request: %w", err)
		}
		if verdict != "" {
			break
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	var err error
	if a.json {
		err = writeJSON(a.out, raw)
	} else {
		err = a.explain(ctx, pool, id)
	}
	if err == nil && verdict == "rejected" {
		return exitError{exitFailed}
	}
	return err
}

func newReplayCommand(a *app) *cobra.Command {
	var unverified bool
	c := &cobra.Command{
		Use:   "replay REQUEST",
		Short: "Start a new run from the kept bytes of a webhook (REQUEST is an id)",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usagef("%q is no id of a request (select id, verdict, cause from meshhook.request_log shows them)", args[0])
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			var run uuid.UUID
			if err := pool.QueryRow(c.Context(), "select meshhook.replay_request($1, $2)", id, unverified).Scan(&run); err != nil {
				return fmt.Errorf("replay request: %w", err)
			}
			return a.show(map[string]any{"run_id": run}, nil, [][]string{{run.String()}})
		},
	}
	c.Flags().BoolVar(&unverified, "unverified", false, "also one that was refused, without verifying it")
	return c
}
