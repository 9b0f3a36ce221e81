//go:build unix

package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// knock sends one request to the door's endpoint, made the first time.
func (c *caseRun) knock(w webhook, verdict string) {
	c.t.Helper()
	if c.endpoint == "" {
		c.openDoor()
	}
	headers := map[string]string{}
	var body []byte
	switch {
	case w.Text != nil:
		body = []byte(*w.Text)
	case w.Body != nil:
		body = []byte(c.filled(string(w.Body)))
		headers["content-type"] = "application/json"
	}
	for k, v := range w.Headers {
		headers[k] = v
	}
	if w.Method == "" {
		w.Method = "POST"
	}
	if w.Query == nil {
		w.Query = map[string]any{}
	}
	item := encode(map[string]any{
		"endpoint": c.endpoint, "method": w.Method, "path": "/hooks/case", "query": w.Query, "headers": headers, "remote": "127.0.0.1",
	})
	var got, calls string
	var cause *string
	err := c.tx.QueryRow(c.ctx, "select a.verdict, a.cause, a.calls::text from meshhook_engine.accept($1, $2, array[$3::text::jsonb], array[$4::bytea]) a",
		c.process, c.input.Slots, item, body).Scan(&got, &cause, &calls)
	if err != nil {
		c.t.Fatal(explained(err))
	}
	if cause != nil {
		got += " " + *cause
	}
	if verdict == "" {
		verdict = "accepted"
	}
	if got != verdict {
		c.t.Fatalf("the request was %s, want %s", got, verdict)
	}
	c.addWork(calls)
}

func (c *caseRun) openDoor() {
	c.t.Helper()
	options := c.input.Door
	if options == nil {
		options = map[string]any{}
	}
	c.scan(&c.endpoint, "select e.id::text from meshhook.create_endpoint('case', $1, options => $2::text::jsonb) e", c.workflow, encode(options))
}

// verb calls one of the functions people call, its arguments by name. What is not given of run, project and workflow is the
// case's own.
func (c *caseRun) verb(name string, with map[string]any, a action) {
	c.t.Helper()
	rows, err := c.tx.Query(c.ctx, `
		select a.name, format_type(a.type, null) as type
		from pg_proc p, unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) a(name, type)
		where p.oid = (select min(q.oid) from pg_proc q where q.pronamespace = 'meshhook'::regnamespace and q.proname = $1)`, name)
	if err != nil {
		c.t.Fatal(explained(err))
	}
	type argument struct{ Name, Type string }
	known, err := pgx.CollectRows(rows, pgx.RowToStructByPos[argument])
	if err != nil {
		c.t.Fatal(explained(err))
	}
	if with == nil {
		with = map[string]any{}
	}
	var list []string
	var args []any
	for _, k := range known {
		v, given := with[k.Name]
		delete(with, k.Name)
		if !given {
			switch k.Name {
			case "run":
				v = "<run>"
			case "project":
				v = "case"
			case "workflow":
				v = c.workflow
			case "endpoint":
				if c.endpoint == "" {
					c.openDoor()
				}
				v = c.endpoint
			default:
				continue
			}
		}
		text := c.filled(encode(v))
		var s string
		if k.Type != "jsonb" && json.Unmarshal([]byte(text), &s) == nil {
			text = s
		}
		args = append(args, text)
		list = append(list, fmt.Sprintf("%q => $%d::text::%s", k.Name, len(args), k.Type))
	}
	if len(with) > 0 {
		c.t.Fatalf("meshhook.%s takes no %v", name, with)
	}
	c.exec("savepoint verb")
	call := fmt.Sprintf("meshhook.%s(%s)", name, strings.Join(list, ", "))
	switch {
	case a.Keep != "":
		var kept string
		err = c.tx.QueryRow(c.ctx, fmt.Sprintf("select to_jsonb(x) ->> $%d from %s x limit 1", len(args)+1, call), append(args, a.Keep)...).Scan(&kept)
		c.kept["<"+a.Keep+">"] = kept
	case a.Answers == nil:
		_, err = c.tx.Exec(c.ctx, "select from "+call, args...)
	default:
		var same bool
		err = c.tx.QueryRow(c.ctx, fmt.Sprintf("select jsonb_agg(to_jsonb(x)) = $%d::text::jsonb from %s x", len(args)+1, call), append(args, string(a.Answers))...).Scan(&same)
		if err == nil && !same {
			c.t.Errorf("%s does not answer %s", name, a.Answers)
		}
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && a.Raises != "" && strings.HasPrefix(pg.Message, a.Raises+":"):
		c.exec("rollback to savepoint verb")
	case err != nil:
		c.t.Fatalf("%s: %v", name, explained(err))
	case a.Raises != "":
		c.t.Fatalf("%s raised nothing, want %s", name, a.Raises)
	}
	c.exec("release savepoint verb")
}
