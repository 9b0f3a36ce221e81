package expr_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/profullstack/meshhook/db/dbtest"
)

// answer is what the database says to one expression over one document.
type answer struct {
	Value json.RawMessage `json:"value"`
	State string          `json:"state"` // SQLSTATE of the error, empty when there is none
	Code  string          `json:"code"`  // the code in the error's detail
	Text  string          `json:"text"`  // the error's message
	Place int             `json:"place"`
}

// The expression functions hold no exception block, so catching is the test's own business.
const tryFunctions = `
create schema mh_try;
create function mh_try.caught(state text, text_ text, detail text) returns jsonb language sql immutable as $$
  select jsonb_build_object('state', state, 'text', text_,
    'code', case when detail like '{%' then detail::jsonb ->> 'code' end,
    'place', case when detail like '{%' then coalesce((detail::jsonb ->> 'position')::int, 0) else 0 end)
$$;
create function mh_try.eval(expression text, document jsonb) returns jsonb language plpgsql as $$
declare detail text;
begin
  return jsonb_build_object('value', coalesce(meshhook_expr.eval(meshhook_expr.parse(expression), document), '{"value": "SQL NULL"}'));
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return mh_try.caught(sqlstate, sqlerrm, detail);
end $$;
-- What an expression says it reads, and nothing else of the document.
create function mh_try.pruned(refs jsonb, document jsonb) returns jsonb language sql immutable parallel safe as $$
  select case
    when refs -> 'roots' ? '*' or jsonb_typeof(document) <> 'object' then document
    else coalesce((
      select jsonb_object_agg(e.key, case
               when e.key = 'steps' and jsonb_typeof(e.value) = 'object' and not refs -> 'steps' ? '*'
               then coalesce((select jsonb_object_agg(s.key, s.value) from jsonb_each(e.value) s where refs -> 'steps' ? s.key), '{}')
               else e.value end)
        from jsonb_each(document) e where refs -> 'roots' ? e.key), '{}') end
$$;`

// open gives a database with the schema and the catching functions.
func open(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := dbtest.New(t)
	if _, err := pool.Exec(t.Context(), tryFunctions); err != nil {
		t.Fatalf("create the catching functions: %v", err)
	}
	return pool
}

// evaluate asks for all pairs in one round trip.
func evaluate(ctx context.Context, pool *pgxpool.Pool, expressions, documents []string) ([]answer, error) {
	var raw []byte
	err := pool.QueryRow(ctx, `
		select coalesce(jsonb_agg(mh_try.eval(p.e, p.d::jsonb) order by p.nr), '[]')
		  from unnest($1::text[], $2::text[]) with ordinality p(e, d, nr)`, expressions, documents).Scan(&raw)
	if err != nil {
		return nil, fmt.Errorf("evaluate %d expressions: %w", len(expressions), err)
	}
	var answers []answer
	if err := json.Unmarshal(raw, &answers); err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	if len(answers) != len(expressions) {
		return nil, fmt.Errorf("%d answers to %d expressions", len(answers), len(expressions))
	}
	return answers, nil
}

// same compares JSON values; numbers may differ where a suite writes a double for what numeric knows more digits of.
func same(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		if !ok {
			return false
		}
		f, errF := x.Float64()
		g, errG := y.Float64()
		return errF == nil && errG == nil && math.Abs(f-g) <= 1e-12*math.Max(math.Abs(f), math.Abs(g))
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k := range x {
			if v, ok := y[k]; !ok || !same(x[k], v) {
				return false
			}
		}
		return true
	}
	return a == b
}

// decode reads JSON with its numbers as they are written.
func decode(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("decode %q: %v", raw, err)
	}
	return v
}
