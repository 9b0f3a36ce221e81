package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"
)

// problem is a row of meshhook.validate.
type problem struct {
	Severity string  `json:"severity"`
	Code     string  `json:"code"`
	Path     *string `json:"path"`
	Node     *string `json:"node"`
	Message  string  `json:"message"`
}

func newValidateCommand(a *app) *cobra.Command {
	var project string
	c := &cobra.Command{
		Use:   "validate FILE",
		Short: "List everything that is wrong with a workflow definition",
		Long: "Asks the database, which is what publishing does: every problem at once, with its place as a JSON pointer. FILE is\n" +
			"JSON, - for standard input. Exit code 1 when it cannot be published; warnings do not count.",
		Example: "  meshhook validate order-paid.json\n  meshhook validate order-paid.json --project shop   # also: are its secrets there?",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			definition, err := a.readJSON(args[0])
			if err != nil {
				return err
			}
			pool, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer pool.Close()
			rows, err := pool.Query(c.Context(), "select severity, code, path, node, message from meshhook.validate($1::text::jsonb, $2)",
				string(definition), null(project))
			if err != nil {
				return fmt.Errorf("validate: %w", err)
			}
			problems, err := pgx.CollectRows(rows, pgx.RowToStructByPos[problem])
			if err != nil {
				return fmt.Errorf("validate: %w", err)
			}
			return a.showProblems(problems)
		},
	}
	c.Flags().StringVar(&project, "project", "", "also look for its secrets in this project")
	return c
}

// showProblems prints what is wrong; that something keeps the definition from being published is exit code 1.
func (a *app) showProblems(problems []problem) error {
	errors := 0
	rows := make([][]string, 0, len(problems))
	for _, p := range problems {
		if p.Severity == "error" {
			errors++
		}
		path := ""
		if p.Path != nil {
			path = *p.Path
		}
		rows = append(rows, []string{p.Severity, p.Code, path, p.Message})
	}
	var err error
	switch {
	case a.json:
		if problems == nil {
			problems = []problem{}
		}
		err = writeJSON(a.out, map[string]any{"valid": errors == 0, "problems": problems})
	case len(problems) == 0:
		_, err = fmt.Fprintln(a.out, newPaint(a.out).green("✓")+" it can be published")
	default:
		err = a.showColoured(nil, []string{"severity", "code", "path", "message"}, rows, func(p paint, row, column int, cell string) string {
			switch {
			case column != 0:
				return cell
			case problems[row].Severity == "error":
				return p.red(cell)
			}
			return p.yellow(cell)
		})
	}
	if err == nil && errors > 0 {
		err = exitError{exitFailed}
	}
	return err
}

// readJSON is the content of a file, or of standard input for -; it must be JSON.
func (a *app) readJSON(name string) (json.RawMessage, error) {
	var content []byte
	var err error
	if name == "-" {
		content, err = io.ReadAll(a.in)
	} else {
		content, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, usagef("read definition: %w", err)
	}
	var v json.RawMessage
	if err := json.Unmarshal(content, &v); err != nil {
		return nil, usagef("%s is not JSON: %w", name, err)
	}
	return v, nil
}
