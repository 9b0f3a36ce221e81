package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// paint colours text for a person at a terminal; the zero value leaves it as it is.
type paint struct{ on bool }

// newPaint honours NO_COLOR (https://no-color.org) and terminals that know no colours.
func newPaint(w io.Writer) paint {
	return paint{isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (p paint) code(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) bold(s string) string   { return p.code("1", s) }
func (p paint) dim(s string) string    { return p.code("2", s) }
func (p paint) red(s string) string    { return p.code("31", s) }
func (p paint) green(s string) string  { return p.code("32", s) }
func (p paint) yellow(s string) string { return p.code("33", s) }
func (p paint) blue(s string) string   { return p.code("34", s) }

// status colours s as the status it is, or belongs to.
func (p paint) status(status, s string) string {
	switch status {
	case "succeeded":
		return p.green(s)
	case "failed":
		return p.red(s)
	case "canceled", "retrying", "paused":
		return p.yellow(s)
	case "running", "waiting", "ready":
		return p.blue(s)
	case "skipped":
		return p.dim(s)
	}
	return s
}

// glyph is the shape of a status: it is told by more than its colour.
func glyph(status string) string {
	switch status {
	case "succeeded":
		return "✓"
	case "failed":
		return "✗"
	case "canceled":
		return "■"
	case "skipped":
		return "–"
	case "retrying":
		return "↻"
	case "waiting", "paused":
		return "…"
	case "running", "ready":
		return "▶"
	}
	return " "
}

// showColoured prints rows as show does; on a terminal the cells are aligned first and coloured then, so that the
// colours do not count as width.
func (a *app) showColoured(v any, columns []string, rows [][]string, colour func(p paint, row, column int, cell string) string) error {
	p := newPaint(a.out)
	if a.json || !isTerminal(a.out) || !p.on {
		return a.show(v, columns, rows)
	}
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = utf8.RuneCountInString(c)
	}
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for i, c := range columns {
		b.WriteString(p.dim(pad(c, widths[i])) + "  ")
	}
	b.WriteByte('\n')
	for r, row := range rows {
		for i, cell := range row {
			cell = cellEscapes.Replace(cell)
			width := widths[i]
			if i == len(row)-1 {
				width = 0
			}
			b.WriteString(colour(p, r, i, pad(cell, width)) + "  ")
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

// pad fills s with blanks on the right up to a width in characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// padLeft fills s with blanks on the left up to a width in characters.
func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s))) + s
}

// cut shortens s to a width in characters, saying that it did.
func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// span says a length of time in the unit and the number of digits a person reads at a glance.
func span(d time.Duration) string {
	switch {
	case d < 50*time.Microsecond:
		return "0 ms"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d m %02d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d m", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %02d h", int(d.Hours())/24, int(d.Hours())%24)
}

// compact is a JSON value on one line.
func compact(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "null"
	}
	return string(raw)
}

// indented is a JSON value for reading; each line but the first begins with the indent.
func indented(raw json.RawMessage, indent string) string {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber() // numbers keep their digits
	if err := d.Decode(&v); err != nil {
		return string(raw)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(indent, "  ")
	if err := e.Encode(v); err != nil {
		return string(raw)
	}
	return strings.TrimRight(b.String(), "\n")
}
