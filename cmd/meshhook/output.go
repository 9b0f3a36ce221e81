package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// show prints an answer: v with --json, else the rows, aligned under a header on a terminal, tab-separated in a pipe.
func (a *app) show(v any, columns []string, rows [][]string) error {
	if a.json {
		return writeJSON(a.out, v)
	}
	return writeTable(a.out, columns, rows)
}

// showQuery prints what a query answers: rows for people, with --json a list of objects.
func (a *app) showQuery(ctx context.Context, pool *pgxpool.Pool, sql string, args ...any) error {
	if a.json {
		list := []json.RawMessage{}
		rows, err := pool.Query(ctx, "select row_to_json(q)::text from ("+sql+") q", args...)
		if err != nil {
			return err
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, t := range texts {
			list = append(list, json.RawMessage(t))
		}
		return writeJSON(a.out, list)
	}
	rows, err := pool.Query(ctx, sql, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var columns []string
	var lines [][]string
	for rows.Next() {
		line := make([]string, 0, len(rows.RawValues()))
		for _, v := range rows.RawValues() {
			line = append(line, string(v))
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, f := range rows.FieldDescriptions() {
		columns = append(columns, f.Name)
	}
	return writeTable(a.out, columns, lines)
}

var cellEscapes = strings.NewReplacer("\t", " ", "\r", " ", "\n", " ")

func writeTable(w io.Writer, columns []string, rows [][]string) error {
	out := w
	var aligned *tabwriter.Writer
	if isTerminal(w) {
		aligned = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		out = aligned
	}
	if len(columns) > 0 {
		fmt.Fprintln(out, strings.Join(columns, "\t"))
	}
	for _, r := range rows {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = cellEscapes.Replace(c)
		}
		if _, err := fmt.Fprintln(out, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	if aligned != nil {
		return aligned.Flush()
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if isTerminal(w) {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}
