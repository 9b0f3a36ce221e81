package expr_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// Names are few, so that expressions meet what documents hold; some need quotes, some look like array indexes.
var names = []string{"a", "b", "c", "steps", "trigger", "item", "vars", `"0"`, `"-1"`, `"é x"`, `"q\"t"`, `""`}

// document draws a JSON value of at most the given depth.
func document(t *rapid.T, depth int) any {
	kinds := 5
	if depth > 0 {
		kinds = 9
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.IntRange(-3, 12).Draw(t, "int")
	case 3:
		return json.Number(rapid.SampledFrom([]string{"0.1", "-2.50", "1e3", "9007199254740993", "123456789012345678901234567890.5", "1e-30"}).Draw(t, "number"))
	case 4, 5:
		return rapid.SampledFrom([]string{"", "a", "b", "abc", "10", "-1.5e2", "é𝌆", "\\\"\n", "aab"}).Draw(t, "text")
	case 6, 7:
		list := make([]any, rapid.IntRange(0, 4).Draw(t, "length"))
		for i := range list {
			list[i] = document(t, depth-1)
		}
		return list
	}
	object := map[string]any{}
	for range rapid.IntRange(0, 5).Draw(t, "size") {
		name := rapid.SampledFrom(names).Draw(t, "name")
		if name[0] == '"' {
			if err := json.Unmarshal([]byte(name), &name); err != nil {
				t.Fatalf("unquote %s: %v", name, err)
			}
		}
		object[name] = document(t, depth-1)
	}
	return object
}

// root draws a document like a run's context.
func root(t *rapid.T) string {
	object := map[string]any{}
	for _, name := range []string{"trigger", "steps", "vars", "item", "a", "b", "c"} {
		if rapid.IntRange(0, 4).Draw(t, "present") > 0 {
			object[name] = document(t, 3)
		}
	}
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatalf("marshal a document: %v", err)
	}
	return string(raw)
}

// functions by what they take: v a value, e an expression.
var functions = []string{
	"abs(v)", "avg(v)", "ceil(v)", "contains(v, v)", "ends_with(v, v)", "find_first(v, v)", "find_last(v, v, v)", "floor(v)",
	"from_items(v)", "group_by(v, e)", "items(v)", "join(v, v)", "keys(v)", "length(v)", "lower(v)", "map(e, v)", "max(v)",
	"max_by(v, e)", "merge(v, v)", "min(v)", "min_by(v, e)", "not_null(v, v)", "pad_left(v, v)", "pad_right(v, v, v)",
	"replace(v, v, v)", "reverse(v)", "sort(v)", "sort_by(v, e)", "split(v, v)", "starts_with(v, v)", "sum(v)", "to_array(v)",
	"to_number(v)", "to_string(v)", "trim(v)", "trim_left(v, v)", "trim_right(v)", "type(v)", "upper(v)", "values(v)", "zip(v, v)",
	"unknown(v)", "length()",
}

// expression draws the text of an expression of at most the given depth; vars are the variables in sight.
func expression(t *rapid.T, depth int, vars []string) string {
	sub := func() string { return expression(t, depth-1, vars) }
	name := func() string { return rapid.SampledFrom(names).Draw(t, "name") }
	if depth <= 0 || rapid.IntRange(0, 5).Draw(t, "leaf") == 0 {
		leaves := []string{"@", "$", name(), name(), name() + "." + name(), "*", `'it\'s'`, "`1`", "`-2.5`", "`[1, null, \"x\"]`", "`{\"a\": 1}`", "`foo`", "'aab'", "`3`"}
		for _, v := range vars {
			leaves = append(leaves, "$"+v)
		}
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	switch rapid.IntRange(0, 15).Draw(t, "form") {
	case 0, 1:
		return sub() + "." + name()
	case 2:
		return sub() + rapid.SampledFrom([]string{"[0]", "[-1]", "[1]", "[]", "[*]", "[1:]", "[::-1]", "[:2:1]", "[-3:-1]", "[::0]", ".*"}).Draw(t, "bracket")
	case 3:
		return sub() + "[?" + sub() + "]"
	case 4:
		return sub() + "[*]." + rapid.SampledFrom([]string{name(), "[" + sub() + "]", "{x: " + sub() + "}"}).Draw(t, "projected")
	case 5:
		return sub() + " | " + sub()
	case 6:
		return sub() + rapid.SampledFrom([]string{" == ", " != ", " < ", " <= ", " > ", " >= "}).Draw(t, "comparison") + sub()
	case 7:
		return "(" + sub() + rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "logic") + sub() + ")"
	case 8:
		return "(" + sub() + rapid.SampledFrom([]string{" + ", " - ", " * ", " / ", " % ", " // ", " × ", " ÷ ", " − "}).Draw(t, "operator") + sub() + ")"
	case 9:
		return rapid.SampledFrom([]string{"!", "-", "+"}).Draw(t, "sign") + sub()
	case 10:
		return "[" + sub() + ", " + sub() + "]"
	case 11:
		return fmt.Sprintf("{%s: %s, %s: %s}", name(), sub(), name(), sub())
	case 12:
		return fmt.Sprintf("(%s ? %s : %s)", sub(), sub(), sub())
	case 13:
		v := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "variable")
		return fmt.Sprintf("(let $%s = %s in %s)", v, sub(), expression(t, depth-1, append(vars[:len(vars):len(vars)], v)))
	}
	call := rapid.SampledFrom(functions).Draw(t, "function")
	open := strings.IndexByte(call, '(')
	var args []string
	for _, kind := range strings.FieldsFunc(call[open:], func(r rune) bool { return strings.ContainsRune("(), ", r) }) {
		if kind == "e" {
			args = append(args, "&"+sub())
		} else {
			args = append(args, sub())
		}
	}
	return call[:open+1] + strings.Join(args, ", ") + ")"
}
