package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func newStartCommand(a *app) *cobra.Command {
	var input, key, idempotency string
	var version int
	var wait bool
	var timeout, delay time.Duration
	c := &cobra.Command{
		Use:   "start PROJECT WORKFLOW",
		Short: "Start a run by hand",
		Long: "Starts a run of the live version, its input as trigger.body. Prints the id of the run; with --wait its end and output,\n" +
			"and exit code 1 unless it succeeded.",
		Example: "  meshhook start demo order-paid --input '{\"id\": \"A-1001\", \"amount\": 250}' --wait\n" +
			"  jq -c . order.json | meshhook start demo order-paid --input - --key A-1001",
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			body, err := a.readValue(input)
			if err != nil {
				return err
			}
			if !json.Valid(body) {
				return usagef("--input is not JSON")
			}
			ctx := c.Context()
			pool, err := a.open(ctx)
			if err != nil {
				return err
			}
			defer pool.Close()
			var id uuid.UUID
			err = pool.QueryRow(ctx, "select meshhook.start($1, $2, $3::text::jsonb, business_key => $4, idempotency_key => $5, version => $6, delay => $7)",
				args[0], args[1], string(body), null(key), null(idempotency), null(version), null(delay)).Scan(&id)
			if err != nil {
				return fmt.Errorf("start run: %w", err)
			}
			if !wait {
				return a.show(map[string]any{"run": id}, nil, [][]string{{id.String()}})
			}
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			r, err := waitForRun(ctx, pool, id)
			if err != nil {
				return err
			}
			if a.json {
				err = writeJSON(a.out, r)
			} else {
				err = a.tell(r)
				if err == nil && len(r.Output) > 0 && string(r.Output) != "null" {
					_, err = fmt.Fprintln(a.out, indented(r.Output, ""))
				}
			}
			if err == nil && r.Status != "succeeded" {
				err = exitError{exitFailed}
			}
			return err
		},
	}
	c.Flags().StringVar(&input, "input", "{}", "JSON, or @file, or - for standard input")
	c.Flags().StringVar(&key, "key", "", "business key: your own name for the run")
	c.Flags().StringVar(&idempotency, "idempotency-key", "", "the same key in a project starts one run only")
	c.Flags().IntVar(&version, "version", 0, "version to run instead of the live one")
	c.Flags().DurationVar(&delay, "delay", 0, "begin only after this time, such as 10m")
	c.Flags().BoolVar(&wait, "wait", false, "wait until the run has ended")
	c.Flags().DurationVar(&timeout, "timeout", 0, "longest wait (default: no limit)")
	return c
}

// null is v as a parameter of a statement; the zero value stands for nothing given.
func null[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// readValue is what an argument stands for: itself, the content of @file, or standard input for -.
func (a *app) readValue(argument string) ([]byte, error) {
	switch {
	case argument == "-":
		content, err := io.ReadAll(a.in)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return content, nil
	case strings.HasPrefix(argument, "@"):
		content, err := os.ReadFile(argument[1:])
		if err != nil {
			return nil, usagef("read input: %w", err)
		}
		return content, nil
	}
	return []byte(argument), nil
}
