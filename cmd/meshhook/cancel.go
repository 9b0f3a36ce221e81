package main

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func newCancelCommand(a *app) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "cancel RUN",
		Short: "End a run now",
		Long:  "Ends an open run. Calls in flight are given up.",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usagef("%q is no run id (meshhook runs lists them)", args[0])
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			if _, err := pool.Exec(c.Context(), "select meshhook.cancel($1, $2)", id, null(reason)); err != nil {
				return fmt.Errorf("cancel run: %w", err)
			}
			return a.show(map[string]any{"run": id, "status": "canceled"}, nil, [][]string{{id.String(), "canceled"}})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why: it stands in the log")
	return c
}
