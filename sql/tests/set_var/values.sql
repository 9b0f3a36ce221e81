-- Project variables.
begin;
select plan(7);
select lives_ok($$select meshhook.create_project('var-test'), meshhook.set_var('var-test', 'base', '"https://a.example"')$$);
select lives_ok($$select meshhook.set_var('var-test', 'base', '"https://b.example"')$$, 'again');
select is((select v.value from meshhook.vars v join meshhook.projects p on p.id = v.project_id where p.slug = 'var-test' and v.name = 'base'), '"https://b.example"', 'the last one counts');
select throws_like($$select meshhook.set_var('var-test', '1a', '1')$$, 'MH_VAR_NAME: %', 'a bad name');
select throws_like($$select meshhook.set_var('var-test', 'a', to_jsonb(repeat('x', 65536)))$$, 'MH_VAR_TOO_LARGE: %', 'too large');
select lives_ok($$select meshhook.set_var('var-test', 'base', null)$$, 'taken away');
select is((select count(*) from meshhook.vars v join meshhook.projects p on p.id = v.project_id where p.slug = 'var-test'), 0::bigint, 'gone');
select * from finish();
rollback;
