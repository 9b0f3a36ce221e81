package expr_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// limited gives a database whose queries end after ten seconds: a fuzz target must not hang.
func limited(f *testing.F) *pgxpool.Pool {
	pool := open(f)
	config := pool.Config()
	config.ConnConfig.RuntimeParams["statement_timeout"] = "10000"
	other, err := pgxpool.NewWithConfig(f.Context(), config)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(other.Close)
	return other
}

// acceptable says whether an answer is a value or an error of the language.
func acceptable(err error) bool {
	var raised *pgconn.PgError
	if err == nil {
		return true
	}
	return errors.As(err, &raised) && raised.Code == "MH422" && strings.HasPrefix(raised.Message, "MH_") && json.Valid([]byte(raised.Detail))
}

func FuzzExpression(f *testing.F) {
	pool := limited(f)
	for _, seed := range [][2]string{
		{"a.b[0].c || `1`", `{"a": {"b": [{"c": 2}]}}`},
		{"let $x = @ in [*].{a: $x[0], b: length(@)}", `["a", "b"]`},
		{"'it\\'s' == \"q\\u00e9\"", `{}`},
		{strings.Repeat("[", 5000), `{}`},
		{strings.Repeat("(", 5000) + "a", `{}`},
		{strings.Repeat("!", 9000) + "a", `{}`},
		{strings.Repeat("[*]", 3000), `[[[1]]]`},
		{strings.Repeat("a.", 4999) + "a", `{"a": 1}`},
		{strings.Repeat("a||", 3000) + "a", `{}`},
		{strings.Repeat("a==", 3000) + "a", `{}`},
		{strings.Repeat("`1`+", 2400) + "`1`", `{}`},
		{strings.Repeat("[@,@]|", 60) + "@", `"x"`},
		{"`" + strings.Repeat("[", 4000) + strings.Repeat("]", 4000) + "`", `{}`},
		{"'" + strings.Repeat(`\'`, 4000), `{}`},
		{"`1e999999999`", `{}`},
		{"a * a * a * a", `{"a": 1e900}`},
		{"`{\"a\": \"\\ud800\"}`", `{}`},
		{"pad_left('', `999999999999999999999`)", `{}`},
		{"to_number('1e400000')", `{}`},
		{"a[9999999999999999999]", `{"a": [1]}`},
		{"a[-9999999999999999999:99999999999999999999:-99999999999]", `{"a": [1]}`},
		{"$.*.$", `{}`},
		{"🙂", `{}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, expression, document string) {
		if !utf8.ValidString(expression+document) || strings.ContainsRune(expression+document, 0) || !json.Valid([]byte(document)) {
			t.Skip("no text that PostgreSQL takes")
		}
		var known bool
		if err := pool.QueryRow(t.Context(), "select $1::jsonb is not null", document).Scan(&known); err != nil {
			t.Skip("no document that PostgreSQL takes")
		}
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		var value *string
		err = conn.QueryRow(t.Context(), "select meshhook.jmespath($1, $2::jsonb)::text", expression, document).Scan(&value)
		if !acceptable(err) {
			t.Errorf("%q over %q: %v", expression, document, err)
		}
		if err == nil && value == nil {
			t.Errorf("%q over %q gives SQL NULL", expression, document)
		}
		if err := conn.Ping(t.Context()); err != nil {
			t.Errorf("%q over %q ends the connection: %v", expression, document, err)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	pool := limited(f)
	for _, seed := range []string{
		"plain", "{{ a }}", "x {{ a.b }} y {{ '}}' }}", "{{ {a: {b: a}}}}", "{{", "}}", "{{}}", "{{ secrets.k }}", "{{ secrets.k || 'x' }}",
		"https://{{ a.b }}.example/{{ a.b }}/../x?q={{ a.c }}#{{ a }}", "{{ base }}/orders/{{ a.b }}", "{{ a }}{{ b }}",
		strings.Repeat("{{'", 4000), strings.Repeat("{{ a }", 1600), strings.Repeat("{{ '{{' }}", 1000), strings.Repeat("{{{a: ", 1500) + "}}", strings.Repeat("{{ a }}", 2000), "{{" + strings.Repeat("{", 9000), "{{ \"}}\" }}", "it's {{ 'a' }} it's",
	} {
		f.Add(seed)
	}
	const document = `{"a": {"b": "../x y@z", "c": [1, {"d": "\u00e9\r\n"}]}, "b": "", "base": "https://example.org"}`
	f.Fuzz(func(t *testing.T, template string) {
		if !utf8.ValidString(template) || strings.ContainsRune(template, 0) {
			t.Skip("no text that PostgreSQL takes")
		}
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		for _, url := range []bool{false, true} {
			var value, references, secrets *string
			err = conn.QueryRow(t.Context(), `
				select meshhook_expr.render(c.template, $2::jsonb)::text, meshhook_expr.template_references(c.template)::text,
				       meshhook_expr.render_secrets(c.template, $2::jsonb)::text
				  from meshhook_expr.parse_template(to_jsonb($1::text), true, $3) c(template)`, template, document, url).Scan(&value, &references, &secrets)
			if !acceptable(err) {
				t.Errorf("%q: %v", template, err)
			}
			if err == nil && (value == nil || references == nil) {
				t.Errorf("%q renders SQL NULL", template)
			}
		}
		if err := conn.Ping(t.Context()); err != nil {
			t.Errorf("%q ends the connection: %v", template, err)
		}
	})
}
