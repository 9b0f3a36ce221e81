package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newRetryCommand(a *app) *cobra.Command {
	var all, workflow, class, fingerprint string
	var since time.Duration
	var rate float64
	c := &cobra.Command{
		Use:   "retry RUN... | --all PROJECT",
		Short: "Let failed runs go on at the step that failed",
		Long: "Lets failed runs go on at the step that failed, in the same run: the call is made again with all its tries before it and\n" +
			"the same Idempotency-Key. With --all every dead letter of a project that the other flags leave, spread over time.",
		Example: "  meshhook retry latest\n  meshhook retry --all shop --workflow order-paid --class timeout --rate 5",
		RunE: func(c *cobra.Command, args []string) error {
			if (all != "") == (len(args) > 0) {
				return usagef("give the ids of runs, or --all PROJECT")
			}
			if all == "" {
				for _, name := range []string{"workflow", "class", "fingerprint", "since", "rate"} {
					if c.Flags().Changed(name) {
						return usagef("--%s narrows --all down; it says nothing beside ids", name)
					}
				}
				return a.steer(c.Context(), args, "retry")
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			var n int
			err = pool.QueryRow(c.Context(), `select meshhook.retry_all($1, $2, $3, $4, now() - $5::interval, per_second => $6::float8::numeric)`,
				all, null(workflow), null(class), null(fingerprint), null(since), rate).Scan(&n)
			if err != nil {
				return fmt.Errorf("retry: %w", err)
			}
			return a.show(map[string]any{"retried": n}, nil, [][]string{{fmt.Sprintf("%d retried", n)}})
		},
	}
	c.Flags().StringVar(&all, "all", "", "every dead letter of this project")
	c.Flags().StringVar(&workflow, "workflow", "", "of this workflow")
	c.Flags().StringVar(&class, "class", "", "of this class of error, such as timeout or 5xx")
	c.Flags().StringVar(&fingerprint, "fingerprint", "", "of this cause (meshhook.dead_letter_groups)")
	c.Flags().DurationVar(&since, "since", 0, "that failed not longer ago than this, such as 24h")
	c.Flags().Float64Var(&rate, "rate", 10, "how many may begin each second")
	return c
}
