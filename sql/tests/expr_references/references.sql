-- references tells what an expression reads without evaluating it; the engine builds only that much context.
begin;
create function pg_temp.refs(expression text) returns text language sql as $$
  select (select coalesce(string_agg(r, ',' order by r), '') from jsonb_array_elements_text(x.refs -> 'roots') r) || ' / '
         || (select coalesce(string_agg(s, ',' order by s), '') from jsonb_array_elements_text(x.refs -> 'steps') s)
    from meshhook_expr.references(meshhook_expr.parse(expression)) x(refs)
$$;
select plan(20);
select is(pg_temp.refs('trigger.body.id'), 'trigger / ', 'a path');
select is(pg_temp.refs('steps.a.b'), 'steps / a', 'a step');
select is(pg_temp.refs('steps.a[0].b'), 'steps / a', 'with an index');
select is(pg_temp.refs('steps."a"'), 'steps / a', 'quoted');
select is(pg_temp.refs('steps'), 'steps / *', 'steps as a whole');
select is(pg_temp.refs('steps.*.x'), 'steps / *', 'all steps');
select is(pg_temp.refs('keys(steps)'), 'steps / *', 'their names');
select is(pg_temp.refs('steps | a'), 'steps / a', 'a pipe of paths');
select is(pg_temp.refs('[steps.a, steps.b]'), 'steps / a,b', 'two steps');
select is(pg_temp.refs('trigger.body.lines[*].{id: id, n: steps.x}'), 'trigger / ', 'inside a projection names belong to the element');
select is(pg_temp.refs('trigger.body.lines[*].{id: id, n: $.steps.x}'), 'steps,trigger / x', 'but $ is the document');
select is(pg_temp.refs('let $v = vars.x in input[?a == $v]'), 'input,vars / ', 'let');
select is(pg_temp.refs('sort_by(input, &run)'), 'input / ', 'the expression of sort_by is about elements');
select is(pg_temp.refs('input || run.id && item > index'), 'index,input,item,run / ', 'operators');
select is(pg_temp.refs('{a: vars.a, b: `1`, c: ''x''}'), 'vars / ', 'objects');
select is(pg_temp.refs('@'), '* / *', 'the document as a whole');
select is(pg_temp.refs('*'), '* / *', 'all of it');
select is(pg_temp.refs('length($)'), '* / *', 'by its other name');
select is((meshhook_expr.references(meshhook_expr.parse('@')) ->> 'secrets')::boolean, false, 'secrets are never part of it');
select is((meshhook_expr.references(meshhook_expr.parse('secrets.a')) ->> 'secrets')::boolean, true, 'a read of secrets is told');
select * from finish();
rollback;
