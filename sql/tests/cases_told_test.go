//go:build unix

package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

var (
	idText     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	momentText = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	httpText   = regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`)
	placeText  = regexp.MustCompile(`<(run|run \d+|http [+-][0-9a-z.]+|[+-][0-9a-z.]+)>`)
)

// filled puts ids and moments where a case names them: <run>, <run 2>, <+2h> after the start, <http +2h> as an HTTP date.
func (c *caseRun) filled(s string) string {
	c.t.Helper()
	for place, value := range c.kept {
		s = strings.ReplaceAll(s, place, value)
	}
	return placeText.ReplaceAllStringFunc(s, func(place string) string {
		name := strings.Trim(place, "<>")
		if strings.HasPrefix(name, "run") {
			n := 1
			if _, err := fmt.Sscanf(name, "run %d", &n); err != nil && name != "run" {
				c.t.Fatal(err)
			}
			runs := c.runs()
			if n > len(runs) {
				c.t.Fatalf("there is no %s", place)
			}
			return runs[n-1].ID
		}
		d, err := time.ParseDuration(strings.TrimPrefix(name, "http "))
		if err != nil {
			c.t.Fatal(err)
		}
		if strings.HasPrefix(name, "http") {
			return c.start.Add(d).Format(http.TimeFormat)
		}
		return c.start.Add(d).Format(time.RFC3339)
	})
}

// moment is a point in time as cases write it: how long after the start.
func (c *caseRun) moment(t time.Time) string {
	s := t.Sub(c.start).String()
	s = regexp.MustCompile(`([hm])0s$`).ReplaceAllString(s, "$1")
	s = regexp.MustCompile(`h0m$`).ReplaceAllString(s, "h")
	if s[0] != '-' {
		s = "+" + s
	}
	return "<" + s + ">"
}

// toldRun is a run as it ended, or stands.
type toldRun struct {
	ID, Workflow, Trigger, Status string
	Key                           *string
	Output, Error                 *string
}

// runs are all runs of the case in the order in which they began.
func (c *caseRun) runs() []toldRun {
	c.t.Helper()
	rows, err := c.tx.Query(c.ctx, `
		select r.id::text, w.name, r.trigger, r.status::text, r.business_key, r.output::text, r.error::text
		from meshhook.runs r join meshhook.workflows w on w.id = r.workflow_id
		join meshhook.events e on e.run_id = r.id and e.seq = 1
		order by r.started_at, e.ctid`)
	if err != nil {
		c.t.Fatal(explained(err))
	}
	runs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[toldRun])
	if err != nil {
		c.t.Fatal(explained(err))
	}
	return runs
}

// told is what events.json must say: of each run how it stands, and its log, one event a line. Ids are numbered, moments counted
// from the start, and what is drawn or hashed over an id is left out.
func (c *caseRun) told() string {
	c.t.Helper()
	runs := c.runs()
	names := map[string]string{c.endpoint: "<endpoint>"}
	for i, r := range runs {
		names[r.ID] = "<run>"
		if i > 0 {
			names[r.ID] = fmt.Sprintf("<run %d>", i+1)
		}
	}
	rows, err := c.tx.Query(c.ctx, "select q.id::text from meshhook.requests q order by q.received_at, q.ctid")
	if err != nil {
		c.t.Fatal(explained(err))
	}
	requests, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		c.t.Fatal(explained(err))
	}
	for i, id := range requests {
		names[id] = "<request>"
		if i > 0 {
			names[id] = fmt.Sprintf("<request %d>", i+1)
		}
	}

	var b strings.Builder
	b.WriteString("[")
	for i, r := range runs {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  {\n")
		line := func(name string, v any) { fmt.Fprintf(&b, "    %q: %s,\n", name, encode(v)) }
		line("workflow", r.Workflow)
		line("trigger", r.Trigger)
		if r.Key != nil {
			line("business_key", *r.Key)
		}
		line("status", r.Status)
		for _, part := range []struct {
			name string
			text *string
		}{{"output", r.Output}, {"error", r.Error}} {
			if part.text != nil && *part.text != "null" {
				line(part.name, c.plain(decode(c, *part.text), "", names))
			}
		}
		b.WriteString("    \"events\": [")
		c.toldEvents(&b, r.ID, names)
		b.WriteString("\n    ]\n  }")
	}
	b.WriteString("\n]\n")
	return b.String()
}

func (c *caseRun) toldEvents(b *strings.Builder, run string, names map[string]string) {
	c.t.Helper()
	rows, err := c.tx.Query(c.ctx, "select h.seq, h.at, h.type, h.step, h.attempt, h.data::text from meshhook.history($1) h", run)
	if err != nil {
		c.t.Fatal(explained(err))
	}
	last := c.start
	first := true
	var (
		seq     int
		at      time.Time
		kind    string
		step    *string
		attempt *int
		data    string
	)
	_, err = pgx.ForEachRow(rows, []any{&seq, &at, &kind, &step, &attempt, &data}, func() error {
		if !first {
			b.WriteString(",")
		}
		first = false
		fmt.Fprintf(b, "\n      {\"seq\": %d, ", seq)
		if !at.Equal(last) {
			fmt.Fprintf(b, "\"at\": %q, ", strings.Trim(c.moment(at), "<>"))
			last = at
		}
		fmt.Fprintf(b, "\"type\": %q", kind)
		if step != nil {
			fmt.Fprintf(b, ", \"step\": %q", *step)
		}
		if attempt != nil {
			fmt.Fprintf(b, ", \"attempt\": %d", *attempt)
		}
		if v := c.plain(decode(c, data), "", names); encode(v) != "{}" {
			fmt.Fprintf(b, ", \"data\": %s", encode(v))
		}
		b.WriteString("}")
		return nil
	})
	if err != nil {
		c.t.Fatal(explained(err))
	}
}

// plain is a value of the log without what differs from run to run.
func (c *caseRun) plain(v any, key string, names map[string]string) any {
	switch v := v.(type) {
	case map[string]any:
		plain := map[string]any{}
		for k, item := range v {
			switch {
			case k == "draw" || k == "hash" && v["idempotency_key"] != nil:
			case k == "timings" && encode(item) == "{}", k == "url" && item == nil:
			default:
				plain[k] = c.plain(item, k, names)
			}
		}
		return plain
	case []any:
		plain := make([]any, len(v))
		for i, item := range v {
			plain[i] = c.plain(item, "", names)
		}
		return plain
	case string:
		if len(v) > 1000 {
			return fmt.Sprintf("<%d characters>", utf8.RuneCountInString(v))
		}
		v = idText.ReplaceAllStringFunc(v, func(id string) string {
			if name, ok := names[id]; ok {
				return name
			}
			return "<id>"
		})
		v = httpText.ReplaceAllStringFunc(v, func(text string) string {
			t, err := http.ParseTime(text)
			if err != nil {
				return text
			}
			return "<http " + c.moment(t)[1:]
		})
		return momentText.ReplaceAllStringFunc(v, func(text string) string {
			t, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				return text
			}
			return c.moment(t)
		})
	case json.Number:
		if ms, err := v.Int64(); err == nil && key == "due" {
			return c.moment(time.UnixMilli(ms))
		}
	}
	return v
}

// prove asks of every run what must hold whatever the case is about.
func (c *caseRun) prove() {
	c.t.Helper()
	for _, r := range c.runs() {
		rows, err := c.tx.Query(c.ctx, "select to_jsonb(v)::text from meshhook.verify($1) v", r.ID)
		if err != nil {
			c.t.Fatal(explained(err))
		}
		problems, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			c.t.Fatal(explained(err))
		}
		for _, p := range problems {
			c.t.Errorf("verify: %s", p)
		}
		var differs *string
		c.scan(&differs, `
			select nullif(concat_ws('; ',
				case when s.state -> 'seq' <> to_jsonb(r.seq) then format('seq %s, %s', s.state -> 'seq', r.seq) end,
				case when s.state -> 'frontier' <> r.frontier then format('frontier %s, %s', s.state -> 'frontier', r.frontier) end,
				case when s.state ->> 'status' <> case when r.status = 'waiting' then 'running' else r.status::text end then format('status %s, %s', s.state ->> 'status', r.status) end,
				case when coalesce(s.state -> 'output', 'null') <> coalesce(r.output, 'null') then format('output %s, %s', s.state -> 'output', r.output) end,
				case when coalesce(s.state -> 'error', 'null') <> coalesce(r.error, 'null') then format('error %s, %s', s.state -> 'error', r.error) end), '')
			from meshhook.runs r, lateral (select meshhook.state_at(r.id, r.seq) as state) s
			where r.id = $1`, r.ID)
		if differs != nil {
			c.t.Errorf("state_at the end is not the run's row: %s", *differs)
		}
		var left int
		c.scan(&left, `
			select count(*) from meshhook.runs r
			where r.id = $1 and r.finished_at is not null and (
				r.frontier ? 'open' or r.wake_at is not null or r.jobs is not null
				or exists (select from meshhook.waits w where w.run_id = r.id)
				or exists (select from meshhook_river.river_job j where j.args ->> 'run_id' = r.id::text))`, r.ID)
		if left > 0 {
			c.t.Error("the run has ended, and yet something is open, waits or is queued")
		}
	}
}

func decode(c *caseRun, text string) (v any) {
	c.t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		c.t.Fatal(err)
	}
	return v
}

// encode writes JSON on one line, keys in order, a blank after each comma and colon.
func encode(v any) string {
	switch v := v.(type) {
	case map[string]any:
		parts := []string{}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, encode(k)+": "+encode(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := []string{}
		for _, item := range v {
			parts = append(parts, encode(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // a value that was read from JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}
