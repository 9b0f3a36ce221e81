package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
)

func newSimulateCommand(a *app) *cobra.Command {
	var trigger, mocks string
	c := &cobra.Command{
		Use:   "simulate FILE",
		Short: "Run a definition without the world: calls answered by mocks, timers at once",
		Long: "Runs a workflow definition wholly in the database and prints the log that a run would have, and how it would end.\n" +
			"Nothing is written and nothing is sent. FILE is JSON, - for standard input; docs/simulate.md tells how mocks are\n" +
			"written. Exit code 1 unless the run would succeed.",
		Example: "  meshhook simulate order-paid.json --trigger '{\"body\": {\"id\": \"A-1001\"}}' --mocks '{\"post\": {\"status\": 201}}'\n" +
			"  meshhook simulate order-paid.json --trigger @trigger.json --mocks @mocks.json --json",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			definition, err := a.readJSON(args[0])
			if err != nil {
				return err
			}
			given := map[string]string{"trigger": trigger, "mocks": mocks}
			for name, value := range given {
				content, err := a.readValue(value)
				if err != nil {
					return err
				}
				if !json.Valid(content) {
					return usagef("--%s is not JSON", name)
				}
				given[name] = string(content)
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			return a.simulate(c.Context(), pool, string(definition), given["trigger"], given["mocks"])
		},
	}
	c.Flags().StringVar(&trigger, "trigger", "{}", "what the run would be started with, {\"body\": ...}: JSON, or @file, or -")
	c.Flags().StringVar(&mocks, "mocks", "{}", "what calls meet, by step: JSON, or @file, or -")
	return c
}

func (a *app) simulate(ctx context.Context, pool *pgxpool.Pool, definition, trigger, mocks string) error {
	rows, err := pool.Query(ctx, `select seq, at, type, step, attempt, summary, data
		from meshhook.simulate($1::text::jsonb, $2::text::jsonb, $3::text::jsonb)`, definition, trigger, mocks)
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[event])
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	last := events[len(events)-1] // a simulation that answers has at least its start and its end
	status := last.Type[len("run."):]
	var end struct {
		Output json.RawMessage `json:"output"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(last.Data, &end); err != nil {
		return fmt.Errorf("read event %d: %w", last.Seq, err)
	}
	if a.json {
		err = writeJSON(a.out, map[string]any{"status": status, "output": end.Output, "error": end.Error, "events": events})
	} else {
		p := newPaint(a.out)
		text := drawEvents(p, events[0].At, events) + fmt.Sprintf("\n%s %s in %s\n",
			p.status(status, glyph(status)), p.status(status, status), span(last.At.Sub(events[0].At)))
		if len(end.Error) > 0 {
			text += fmt.Sprintf("  %s %s\n", p.red("error"), indented(end.Error, "  "))
		}
		if len(end.Output) > 0 && string(end.Output) != "null" {
			text += fmt.Sprintf("  %s %s\n", p.bold("output"), indented(end.Output, "  "))
		}
		_, err = io.WriteString(a.out, text)
	}
	if err == nil && status != "succeeded" {
		err = exitError{exitFailed}
	}
	return err
}
