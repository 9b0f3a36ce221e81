//go:build unix

package tests

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// mocksOf is what calls.json says in the form that meshhook.simulate takes.
func mocksOf(answers []answer) map[string]any {
	mocks := map[string]any{}
	for _, a := range answers {
		mock := map[string]any{}
		if a.Status != 0 {
			mock["status"] = a.Status
		}
		if a.Headers != nil {
			mock["headers"] = a.Headers
		}
		switch {
		case a.Text != nil:
			mock["text"] = *a.Text
		case a.Letters > 0:
			mock["text"] = strings.Repeat("x", a.Letters)
		case a.Base64 != nil:
			mock["base64"] = *a.Base64
		case a.Body != nil:
			mock["body"] = a.Body
		}
		if a.Error != nil {
			mock["error"] = a.Error
		}
		if a.Takes != "" {
			mock["takes"] = a.Takes
		}
		list, _ := mocks[a.Step].([]any)
		mocks[a.Step] = append(list, mock)
	}
	return mocks
}

// simulate runs the definition once more, without the world: the same log must come out, hashes included. Only what the
// worker alone knows, the size of bodies as received, and draws are not in it.
func (c *caseRun) simulate(definition []byte) {
	c.t.Helper()
	run := c.runs()[0]
	vars := map[string]any{}
	for k, v := range c.input.Vars {
		vars[k] = v
	}
	c.mocks["$vars"] = vars
	c.mocks["$run"] = map[string]any{"id": run.ID, "version": 1, "business_key": run.Key}
	rows, err := c.tx.Query(c.ctx, `
		with logged as (
			select h.seq, h.at, h.type, h.step, h.attempt, h.data - 'bytes' - 'draw' as data from meshhook.history($1) h
		), foreseen as (
			select s.seq, s.at, s.type, s.step, s.attempt, s.data - 'bytes' - 'draw' as data
			from meshhook.runs r
			cross join lateral meshhook_engine.recall_start(r.id, r.request_id) b
			cross join lateral meshhook.simulate($2::text::jsonb, b -> 'trigger', $3::text::jsonb) s
			where r.id = $1
		)
		select format('%s, not %s', f, l)
		from logged l full join foreseen f on f.seq = l.seq
		where case when l.type = 'run.started' then f.type is distinct from l.type else to_jsonb(f) is distinct from to_jsonb(l) end
		order by l.seq`, run.ID, string(definition), c.filled(encode(c.mocks)))
	if err != nil {
		c.t.Fatal(explained(err))
	}
	problems, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		c.t.Fatal(explained(err))
	}
	for _, p := range problems {
		c.t.Errorf("simulated it is %s", p)
	}
}
