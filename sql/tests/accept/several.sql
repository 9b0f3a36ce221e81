-- A request may start several workflows; the answer is about the primary one.
begin;
select plan(7);
-- with: flow.sql

-- with: door.sql

select meshhook.publish('proof', name, jsonb_build_object('apiVersion', 'meshhook/v1', 'name', name, 'edges', pg_temp.edges('trigger>a'), 'nodes',
  jsonb_build_object('a', pg_temp.node('transform', jsonb_build_object('expr', format('[''%s'', trigger.query.q, vars.base]', name)))))) from unnest(array['one', 'two', 'three']) name;
insert into meshhook.vars (project_id, name, value) select id, 'base', '7' from meshhook.projects where slug = 'proof';
insert into ends select 'many', pg_temp.endpoint('many');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, w.name = 'two' from ends e, meshhook.workflows w;
create temp table got as select a.* from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id), pg_temp.item(id)], array['{}', '{}']::bytea[]) a;
select is((select array_agg(output order by item) from got), array['["two", "1", 7]', '["two", "1", 7]']::jsonb[], 'the primary one answers');
select is((select count(*) from meshhook.runs where status = 'succeeded'), 6::bigint, 'all ran');
select is((select array_agg(cardinality(run_ids)) from meshhook.requests), '{3,3}', 'the request knows its runs');
select lives_ok($$select meshhook.disable('proof', 'two')$$, 'the primary one is disabled');
select is((select verdict || ' ' || status from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id)], array['{}']::bytea[])), 'accepted succeeded', 'the others run');
select is((select count(*) from meshhook.runs), 8::bigint, 'both of them');
select is_empty('select * from meshhook.runs r, meshhook.verify(r.id)', 'proven');
select * from finish();
rollback;
