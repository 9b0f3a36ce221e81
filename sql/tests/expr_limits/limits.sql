-- Hostile expressions end with an error of the language, never with the server's own, and never with a crash.
begin;
create function pg_temp.code(expression text, document jsonb default '{}') returns text language plpgsql as $$
declare detail text;
begin
  perform meshhook.jmespath(expression, document);
  return 'value';
exception when sqlstate 'MH422' then
  get stacked diagnostics detail = pg_exception_detail;
  return (detail::jsonb ->> 'code') || coalesce(' ' || (detail::jsonb ->> 'position'), '');
end $$;
select plan(22);
select is(pg_temp.code(repeat('a', 10000)), 'value', '10 000 characters');
select is(pg_temp.code(repeat('a', 10001)), 'MH_EXPR_LIMIT 10001', 'one more');
select is(pg_temp.code(repeat('[', 100000)), 'MH_EXPR_LIMIT 10001', '100 000 brackets');
select is(pg_temp.code(repeat('[', 99) || 'a' || repeat(']', 99)), 'value', '99 levels of brackets');
select is(pg_temp.code(repeat('[', 101) || 'a' || repeat(']', 101)), 'MH_EXPR_LIMIT 101', '101 levels');
select is(pg_temp.code(repeat('(', 5000)), 'MH_EXPR_LIMIT 101', 'parentheses');
select is(pg_temp.code(repeat('!', 5000) || 'a'), 'MH_EXPR_LIMIT 101', 'signs');
select is(pg_temp.code(repeat('abs(', 2000)), 'MH_EXPR_LIMIT 401', 'calls');
select is(pg_temp.code(repeat('{a:', 3000)), 'MH_EXPR_LIMIT 301', 'objects');
select is(pg_temp.code(repeat('a?b:', 2000) || 'c'), 'MH_EXPR_LIMIT 399', 'ternaries');
select is(pg_temp.code(repeat('[*]', 190)), 'value', 'projections within projections');
select is(pg_temp.code(repeat('[*]', 3000)), 'MH_EXPR_LIMIT 601', 'too many of them');
select is(pg_temp.code('`' || repeat('[', 200) || repeat(']', 200) || '`'), 'MH_EXPR_LIMIT 1', 'a literal nested too deep');
select is(pg_temp.code(repeat('a||', 3000) || 'a'), 'value', 'a long run of one operator is no depth');
select is(pg_temp.code(repeat('a[0].', 1500) || 'a'), 'value', 'nor is a long chain');
select is(pg_temp.code(repeat('a == ', 1500) || 'a'), 'MH_EXPR_LIMIT 103', 'comparisons of comparisons are');
select is(pg_temp.code(repeat('[@,@]|', 40) || '@', '"x"'), 'MH_EXPR_LIMIT', 'doubling ends at 16 MiB');
select is(pg_temp.code('[*].[$[*].[$[*].[@]]]', (select jsonb_agg(i) from generate_series(1, 200) i)), 'MH_EXPR_LIMIT', 'loops within loops end at 100 000 steps');
select is(pg_temp.code('[?contains($, @)]', (select jsonb_agg(i) from generate_series(1, 20000) i)), 'MH_EXPR_LIMIT', 'a large value costs more at every look');
select is(pg_temp.code('length([*].a)', (select jsonb_agg(jsonb_build_object('a', i)) from generate_series(1, 20000) i)), 'value', '20 000 elements are no trouble');
select is(pg_temp.code('pad_left(''x'', `99999999999999999999`)'), 'MH_EXPR_LIMIT 1', 'a string beyond measure');
select is(pg_temp.code('replace(@, ''x'', @)', to_jsonb(repeat('x', 10000))), 'MH_EXPR_LIMIT 1', 'a string that grows');
select * from finish();
rollback;
