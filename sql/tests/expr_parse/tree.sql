-- The tree is small where expressions are usual: paths are one node, constants are folded, long runs are flat.
begin;
select plan(11);
select is(meshhook_expr.parse('a.b.c'), '[".p", "{a,b,c}"]', 'a path is one node');
select is(meshhook_expr.parse('a | b | c.d'), '[".p", "{a,b,c,d}"]', 'so is a pipe of paths');
select is(meshhook_expr.parse('@.a'), '[".p", "{a}"]', 'the current value adds nothing');
select is(meshhook_expr.parse('a.b[0].c'), '[".x", "{a,b}", "{a,b,0,c}"]', 'an index is read along with the path');
select is(meshhook_expr.parse('{x: a, y: b.c}'), '[".H2", "x", "{a}", "y", "{b,c}"]', 'an object of paths is one node');
select is(meshhook_expr.parse('`2` * `3` + `1`'), '[".=", 7]', 'constants are calculated');
select is(meshhook_expr.parse('-`2`'), '[".=", -2]', 'a sign too');
select is(meshhook_expr.parse('[`1`, ''x'']'), '[".=", [1, "x"]]', 'constant lists');
select is(meshhook_expr.parse('`1` / `0`') ->> 0, '.a', 'what would fail is left for evaluation');
select is(meshhook_expr.parse('a || b || c'), '[".||", [".p", "{a}"], [".p", "{b}"], [".p", "{c}"]]', 'a run of one operator is flat');
select is(meshhook_expr.parse('a."0"'), '["c", [".p", "{a}"], [".k", "0"]]', 'a name that looks like an index is no part of a path');
select * from finish();
rollback;
