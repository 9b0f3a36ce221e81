-- What is wrong with an expression is found when it is parsed, with a code and the character it stands at.
begin;
create function pg_temp.at(expression text) returns text language plpgsql as $$
declare detail text;
begin
  perform meshhook_expr.parse(expression);
  return 'parsed';
exception when sqlstate 'MH422' then
  get stacked diagnostics detail = pg_exception_detail;
  return (detail::jsonb ->> 'code') || ' ' || coalesce(detail::jsonb ->> 'position', '-');
end $$;
select plan(28);
select is(pg_temp.at('foo.bar'), 'parsed', 'a path');
select is(pg_temp.at(''), 'MH_EXPR_SYNTAX 1', 'nothing');
select is(pg_temp.at('foo.'), 'MH_EXPR_SYNTAX 5', 'a dot at the end');
select is(pg_temp.at('foo..bar'), 'MH_EXPR_SYNTAX 5', 'two dots');
select is(pg_temp.at('foo bar'), 'MH_EXPR_SYNTAX 5', 'two names');
select is(pg_temp.at('été'), 'MH_EXPR_SYNTAX 1', 'letters beyond ASCII need quotes');
select is(pg_temp.at('"été" ~'), 'MH_EXPR_SYNTAX 7', 'positions count characters, not bytes');
select is(pg_temp.at('a[?b == ''x'), 'MH_EXPR_SYNTAX 9', 'a quote that is never closed');
select is(pg_temp.at('''it''s'), 'MH_EXPR_SYNTAX 5', 'a quote opened by mistake');
select is(pg_temp.at('a[?b'), 'MH_EXPR_SYNTAX 2', 'a bracket that is never closed is named where it opens');
select is(pg_temp.at('(a'), 'MH_EXPR_SYNTAX 1', 'a parenthesis that is never closed');
select is(pg_temp.at('a[b]'), 'MH_EXPR_SYNTAX 3', 'a name is no index');
select is(pg_temp.at('{a}'), 'MH_EXPR_SYNTAX 2', 'an object needs names and expressions');
select is(pg_temp.at('a ? b'), 'MH_EXPR_SYNTAX 6', 'a ternary needs both ways');
select is(pg_temp.at('let $a = b'), 'MH_EXPR_SYNTAX 11', 'let needs in');
select is(pg_temp.at('`{"a": }`'), 'MH_EXPR_SYNTAX 1', 'JSON between backticks that is none');
select is(pg_temp.at('"\ud800"'), 'MH_EXPR_SYNTAX 1', 'a lone surrogate in a quoted name');
select is(pg_temp.at('`"\u0000"`'), 'MH_EXPR_SYNTAX 1', 'a NUL, which no text can hold');
select is(pg_temp.at('&a'), 'MH_EXPR_SYNTAX 1', 'an expression reference stands in a call only');
select is(pg_temp.at('a.nope(b)'), 'MH_EXPR_UNKNOWN_FUNCTION 3', 'unknown function');
select is(pg_temp.at('length()'), 'MH_EXPR_ARITY 1', 'too few arguments');
select is(pg_temp.at('1 + length(a, b)'), 'MH_EXPR_SYNTAX 1', 'numbers stand between backticks');
select is(pg_temp.at('a + length(a, b)'), 'MH_EXPR_ARITY 5', 'too many arguments');
select is(pg_temp.at('sort_by(a, b)'), 'MH_EXPR_TYPE 12', 'sort_by needs an &expression');
select is(pg_temp.at('length(&a)'), 'MH_EXPR_TYPE 8', 'length needs a value');
select is(pg_temp.at('[let $a = b in $a, $a]'), 'MH_EXPR_UNDEFINED_VARIABLE 20', 'a variable out of its scope');
select throws_ok($$select meshhook_expr.parse('foo.')$$, 'MH422', 'MH_EXPR_SYNTAX: expected a name, a function, *, [ or { after the dot', 'the sentence');
select is(meshhook_expr.parse(null), null, 'SQL NULL in, SQL NULL out');
select * from finish();
rollback;
