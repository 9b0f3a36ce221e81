//go:build unix

package enginetest

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"
)

// pause pauses a run that is open, and resumes one that is paused.
func (w *world) pause(r *tracked) {
	switch {
	case r.model.ended:
		return
	case r.model.paused:
		w.exec("select meshhook.resume($1)", r.id)
		r.model.paused = false
	default:
		w.exec("select meshhook.pause($1)", r.id)
		r.model.paused = true
	}
	w.steered(r)
}

// steered looks at what a verb did: the run must be as its model, and proven as it stands.
func (w *world) steered(r *tracked) {
	w.steers++
	w.look()
	w.check()
	if bad := ask[string](w, "select row_to_json(v)::text from meshhook.verify($1) v", r.id); len(bad) > 0 {
		w.fail("run %s is not proven in the middle: %v", r.id, bad)
	}
}

// retry takes up a run that failed.
func (w *world) retry(r *tracked) {
	if r.model.status != "failed" || r.retries == 3 {
		return
	}
	r.retries++
	w.exec("select meshhook.retry($1)", r.id)
	r.model.reopen(w.now, "", r.nodes)
	w.steered(r)
}

// skip goes past a step that is open, or past the one that a run failed at.
func (w *world) skip(r *tracked) {
	m := r.model
	var step string
	switch {
	case m.status == "failed" && r.retries < 3 && m.error != nil:
		step, _, _ = strings.Cut(m.error.step, "[")
	case !m.ended && len(m.open) > 0:
		step = rapid.SampledFrom(slices.Sorted(maps.Keys(m.open))).Draw(w.t, "open step")
	default:
		return
	}
	var out any = map[string]any{"body": map[string]any{"n": 4.0}, "n": 4.0, "woke_at": "never"}
	ports := []string{"out"}
	if n := m.f.node(step); n != nil && n.Type == "branch" {
		ports = nil
		for _, e := range m.f.Edges {
			if e.From == step && e.Port != "error" && !slices.Contains(ports, e.Port) {
				ports = append(ports, e.Port)
			}
		}
		list := []any{}
		for _, p := range ports {
			list = append(list, p)
		}
		out = list
	}
	text, _ := json.Marshal(out)
	w.exec("select meshhook.skip_step($1, $2, $3)", r.id, step, string(text))
	if m.status == "failed" {
		r.retries++
		m.reopen(w.now, step, r.nodes)
	}
	m.skip(step, out, ports, w.now, w.limit)
	w.steered(r)
}

// rerun repeats a run that has ended: from its beginning, or from one of its steps.
func (w *world) rerun(r *tracked) {
	if !r.model.ended || len(w.runs) > 4 {
		return
	}
	w.tick(w.now + 1)
	from := rapid.SampledFrom(append([]string{""}, r.nodes...)).Draw(w.t, "from step")
	next := newModel(r.model.f, r.model.body)
	if from != "" {
		next = r.model.repeat(from, r.nodes)
	}
	if next == nil {
		if code := ask[string](w, "select pg_temp.refused($1, $2)", r.id, from)[0]; !strings.HasPrefix(code, "MH_STEP_NOT_REACHED") {
			w.fail("rerun from %s, which was not reached: %s", from, code)
		}
		return
	}
	id := ask[string](w, "select meshhook.rerun($1, nullif($2, ''))::text", r.id, from)[0]
	if from == "" {
		next.start(w.now, w.limit)
	} else {
		next.resume(w.now, w.limit)
	}
	again := &tracked{id: id, model: next, delay: map[string]int64{}, nodes: r.nodes, inner: r.inner, retries: r.retries}
	w.runs = append(w.runs, again)
	w.steered(again)
	w.steered(r)
}

// steering is what people do to runs while others work on them: each in a session of its own. That a run has gone on meanwhile
// is no error.
func steering(t *testing.T, runs []string) []func(c *pgx.Conn) (int, error) {
	each := func(statements ...string) func(c *pgx.Conn) (int, error) {
		return func(c *pgx.Conn) (int, error) {
			for _, r := range runs {
				for _, s := range statements {
					_, err := c.Exec(t.Context(), s, r)
					var e *pgconn.PgError
					if err != nil && (!errors.As(err, &e) || e.Code != "MH409") {
						return 0, err
					}
				}
			}
			return 0, nil
		}
	}
	return []func(c *pgx.Conn) (int, error){
		each("select meshhook.pause($1)", "select meshhook.resume($1)"),
		each("select meshhook.skip_step($1, 'nap')", "select meshhook.retry($1)"),
		func(c *pgx.Conn) (int, error) {
			_, err := c.Exec(t.Context(), "select meshhook.pause_all('proof'); select meshhook.resume_all('proof', per_second => 1000)")
			return 0, err
		},
		// A worker of River's: claims what is available, begins it, and finishes rows that hold nothing.
		func(c *pgx.Conn) (int, error) {
			for range 5 {
				_, err := c.Exec(t.Context(), `
					create temp table if not exists claimed (id bigint);
					truncate claimed;
					with j as (select id from meshhook_river.river_job where state = 'available' order by id limit 10 for update skip locked),
						u as (update meshhook_river.river_job r set state = 'running', attempted_by = array['9'] from j where r.id = j.id returning r.id)
					insert into claimed select id from u;
					select 1`)
				if err == nil {
					_, err = c.Exec(t.Context(), `
						create temp table if not exists begun (id bigint);
						truncate begun;
						insert into begun select b.job from meshhook_engine.begin(9, array(select id from claimed)) b;`)
				}
				if err == nil {
					_, err = c.Exec(t.Context(), "delete from meshhook_river.river_job where id in (select id from claimed except select id from begun)")
				}
				if err != nil {
					return 0, err
				}
			}
			return 0, nil
		},
	}
}
