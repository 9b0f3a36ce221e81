-- on_limit: drop_new. What finds no slot is ended with its cause, and stays to be seen.
begin;
select plan(9);
-- with: flow.sql
-- with: pressure.sql
-- with: door.sql

select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), '{"policy": {"concurrency": {"key": "trigger.body.k", "limit": 1, "on_limit": "drop_new"}}}');
insert into ends select 'good', pg_temp.endpoint('good');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, w.project_id from ends e, meshhook.workflows w;
create temp table got as select a.* from ends, meshhook_engine.accept(42, 5, array[pg_temp.item(id), pg_temp.item(id), pg_temp.item(id)], array['{"k": 1}', '{"k": 1}', '{"k": {"a": 2}}']::bytea[]) a;
select is((select array_agg(verdict || ' ' || status || ' ' || calls::text order by item) from got), '{"accepted waiting []","accepted waiting []","accepted waiting []"}', 'three webhooks, three runs');
select pg_temp.claim(), pg_temp.claim();
select is((select string_agg(key || ' ' || state, ', ' order by key) from meshhook.slot_list where leaving is null), '1 held, {"a": 2} held', 'one of each key is let in; keys may be any value');
select is((select leaving from meshhook.slot_list where leaving is not null), 'MH_CONCURRENCY_DROPPED', 'one is about to go');
select pg_temp.wake();
select is((pg_temp.run(run_id)).status::text, 'canceled', 'it is canceled') from got where item = 2;
select is((pg_temp.run(run_id)).error, '{"code": "MH_CONCURRENCY_DROPPED", "message": "1 of 1 runs of 1 were under way.", "key": "1"}', 'with its cause') from got where item = 2;
select is((select count(*) from meshhook.slot_list), 2::bigint, 'the others are under way');
select is(pg_temp.deliver(run_id, 'post', 1, '{"status": 200}'), 'recorded', 'one ends') from got where item = 1;
insert into mine select run_id from meshhook_engine.accept(42, 5, array[pg_temp.item((select id from ends))], array['{"k": 1}']::bytea[]);
select pg_temp.claim(), pg_temp.claim();
select is((pg_temp.run(run)).status::text, 'running', 'the next one finds a slot') from mine;
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
