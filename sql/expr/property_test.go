package expr_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/profullstack/meshhook/db/dbtest"
)

// pairs are asked for in one round trip; rapid makes 100 of them.
const pairs = 100

// TestDeterminism generates 10 000 expressions and documents and holds the language to what the engine relies on:
// a value or an error of the language and never anything else; the same answer again, in another session and in a
// parallel worker; the same answer when all that an expression does not say it reads is taken away.
func TestDeterminism(t *testing.T) {
	pool := open(t)
	other := session(t, pool, "jit", "off") // sessions of its own
	parallel := parallelPool(t, pool)
	var values, failures int
	rapid.Check(t, func(rt *rapid.T) {
		var expressions, documents []string
		for range pairs {
			expressions = append(expressions, expression(rt, 4, nil))
			documents = append(documents, root(rt))
		}
		first, err := evaluate(t.Context(), pool, expressions, documents)
		if err != nil {
			rt.Fatal(err)
		}
		second, err := evaluate(t.Context(), other, expressions, documents)
		if err != nil {
			rt.Fatal(err)
		}
		var goodExpressions, goodDocuments []string
		var good []int
		for i, a := range first {
			if b := second[i]; !bytes.Equal(a.Value, b.Value) || a.State != b.State || a.Text != b.Text {
				rt.Errorf("%s over %s: once %+v, once %+v", expressions[i], documents[i], a, b)
			}
			if a.State == "" && len(a.Value) == 0 || a.State != "" && (a.State != "MH422" || a.Code == "") {
				rt.Errorf("%s over %s: %+v", expressions[i], documents[i], a)
			}
			if strings.Contains(string(a.Value), "SQL NULL") {
				rt.Fatalf("%s over %s gives SQL NULL", expressions[i], documents[i])
			}
			if a.State != "" {
				failures++
				continue
			}
			values++
			good = append(good, i)
			goodExpressions, goodDocuments = append(goodExpressions, expressions[i]), append(goodDocuments, documents[i])
		}
		// The workers get the plain question: with a subquery in it, newer servers run the query in the leader and start a
		// worker for each statement within the functions.
		again, err := texts(t.Context(), parallel, `
			select meshhook.jmespath(p.e, p.d::jsonb)::text
			  from unnest($1::text[], $2::text[]) with ordinality p(e, d, nr)
			 order by p.nr`, goodExpressions, goodDocuments)
		if err != nil {
			rt.Fatal(err)
		}
		pruned, err := texts(t.Context(), other, `
			select meshhook_expr.eval(p.tree, mh_try.pruned(meshhook_expr.references(p.tree), p.d::jsonb))::text
			  from (select q.e, q.d, q.nr, meshhook_expr.parse(q.e) as tree
			          from unnest($1::text[], $2::text[]) with ordinality q(e, d, nr) offset 0) p
			 order by p.nr`, goodExpressions, goodDocuments)
		if err != nil {
			rt.Fatal(err)
		}
		for k, i := range good {
			value := decode(t, first[i].Value)
			if !same(value, decode(t, []byte(again[k]))) {
				rt.Errorf("%s over %s: %s, but %s in a parallel worker", expressions[i], documents[i], first[i].Value, again[k])
			}
			if !same(value, decode(t, []byte(pruned[k]))) {
				rt.Errorf("%s over %s: %s, but %s when only what it refers to is there", expressions[i], documents[i], first[i].Value, pruned[k])
			}
		}
	})
	dbtest.Report(t, "%d values, %d errors of the language", values, failures)
	if values < failures/10 {
		t.Errorf("only %d of %d generated expressions gave a value: the generator is not worth much", values, values+failures)
	}
}

// texts asks for one text a pair.
func texts(ctx context.Context, pool *pgxpool.Pool, query string, expressions, documents []string) ([]string, error) {
	rows, err := pool.Query(ctx, query, expressions, documents)
	if err != nil {
		return nil, err
	}
	answers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(answers) != len(expressions) {
		err = fmt.Errorf("%d answers to %d pairs", len(answers), len(expressions))
	}
	return answers, err
}

// session is a pool of other sessions with a setting.
func session(t *testing.T, pool *pgxpool.Pool, setting, value string) *pgxpool.Pool {
	t.Helper()
	config := pool.Config()
	config.ConnConfig.RuntimeParams[setting] = value
	other, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	return other
}

// parallelPool is a set of sessions whose queries run in parallel workers wherever that is allowed.
func parallelPool(t *testing.T, pool *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	var version int
	if err := pool.QueryRow(t.Context(), "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	setting := "debug_parallel_query"
	if version < 160000 {
		setting = "force_parallel_mode"
	}
	other := session(t, pool, setting, "on")
	var plan string
	rows, err := other.Query(t.Context(), "explain select meshhook.jmespath(p.e, '{}') from unnest($1::text[]) p(e)", []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan += line + "\n"
	}
	if !bytes.Contains([]byte(plan), []byte("Gather")) {
		t.Fatalf("the language is not used in parallel plans:\n%s", plan)
	}
	return other
}
