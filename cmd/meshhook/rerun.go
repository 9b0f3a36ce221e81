package main

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func newRerunCommand(a *app) *cobra.Command {
	var from, input string
	var version int
	c := &cobra.Command{
		Use:   "rerun RUN",
		Short: "Repeat a run as a new one: whole, or from a step with the results before it",
		Long: "Repeats a run that has ended, as a new run linked to it. From a step on, results of all steps that it does not lead to are\n" +
			"taken along, and only what it leads to happens again, under new Idempotency-Keys. Prints the id of the new run.",
		Example: "  meshhook rerun latest --from post\n  meshhook rerun latest --input @order.json --version 4",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var body *string
			if c.Flags().Changed("input") {
				given, err := a.readValue(input)
				if err != nil {
					return err
				}
				if !json.Valid(given) {
					return usagef("--input is not JSON")
				}
				text := string(given)
				body = &text
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			r, err := readRun(c.Context(), pool, args[0])
			if err != nil {
				return err
			}
			var id uuid.UUID
			err = pool.QueryRow(c.Context(), "select meshhook.rerun($1, $2, $3::text::jsonb, $4)", r.ID, null(from), body, null(version)).Scan(&id)
			if err != nil {
				return fmt.Errorf("rerun: %w", err)
			}
			return a.show(map[string]any{"run": id, "origin": r.ID}, nil, [][]string{{id.String()}})
		},
	}
	c.Flags().StringVar(&from, "from", "", "the step to begin at")
	c.Flags().StringVar(&input, "input", "", "another input: JSON, or @file, or - for standard input")
	c.Flags().IntVar(&version, "version", 0, "another version of the workflow")
	return c
}
