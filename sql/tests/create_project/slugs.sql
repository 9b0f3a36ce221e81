-- Projects: slugs, and who may make one.
begin;
select plan(5);
select cmp_ok(meshhook.create_project('slug-test', 'A name'), '>', 0, 'answers with the id');
select throws_like($$select meshhook.create_project('slug-test')$$, 'MH_PROJECT_EXISTS: %', 'taken');
select throws_like(format($$select meshhook.create_project(%L)$$, s), 'MH_SLUG: %', coalesce('no slug: ' || s, 'none')) from unnest(array['Up', '-a', null]) s;
select * from finish();
rollback;
