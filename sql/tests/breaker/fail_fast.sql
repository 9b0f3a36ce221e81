-- when_open: fail. The call is not made; its error is a fact, and takes the way of errors.
begin;
select plan(11);
-- with: flow.sql
-- with: pressure.sql
-- with: door.sql

select pg_temp.flow(pg_temp.call('{"breaker": {"key": "erp", "failures": 1, "when_open": "fail"}}') || jsonb_build_object('sorry', pg_temp.node('transform', '{"expr": "steps.post.error.code"}')),
  pg_temp.edges('trigger>post', 'post:error>sorry'));
select meshhook.trip_breaker('proof', 'erp', '1m', 'they asked us to');
insert into mine select pg_temp.start();
create temp table got as select pg_temp.claim() -> 0 as item;
select is(item -> 'refused', '{"class": "breaker", "code": "MH_BREAKER_OPEN", "message": "the breaker erp is open: they asked us to"}', 'the process is told not to make it') from got;
select is((select count(*) from meshhook.waits), 0::bigint, 'nothing waits');
select is(pg_temp.deliver(run, 'post', 1, null, (select item -> 'refused' from got)), 'recorded', 'it delivers the error') from mine;
select is((pg_temp.run(run)).status::text || ' ' || ((pg_temp.run(run)).output #>> '{}'), 'succeeded MH_BREAKER_OPEN', 'which goes the way of errors') from mine;
select is(pg_temp.types(run), 'run.started call.scheduled call.attempted call.failed segment.decided run.succeeded', 'it is not tried again') from mine;
select is((pg_temp.breaker('erp')).state || (pg_temp.breaker('erp')).opens, 'open1', 'and tells nothing of the destination');

-- The eager path asks as well: leases are given to those who may go only.
insert into ends select 'good', pg_temp.endpoint('good');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, w.project_id from ends e, meshhook.workflows w;
select is((select jsonb_agg(a.calls #> '{0,refused,code}') from ends, meshhook_engine.accept(42, 2, array[pg_temp.item(id), pg_temp.item(id)], array['1', '2']::bytea[]) a), '["MH_BREAKER_OPEN", "MH_BREAKER_OPEN"]', 'two webhooks, two refusals');
select pg_temp.flow(pg_temp.call('{"breaker": {"key": "erp", "failures": 1}}'), pg_temp.edges('trigger>post'));
create temp table two as select a.* from ends, meshhook_engine.accept(42, 2, array[pg_temp.item(id), pg_temp.item(id)], array['1', '2']::bytea[]) a;
select is((select jsonb_agg(jsonb_array_length(calls)) from two), '[0, 0]', 'or none, where calls wait');
select is((select array_agg(pg_temp.queue(run_id) || ' ' || (pg_temp.run(run_id)).status::text || ' ' || (select w.gate from meshhook.waits w where w.run_id = two.run_id)) from two), '{"nothing waiting breaker:erp","nothing waiting breaker:erp"}', 'without a lease');
select is(meshhook.reset_breaker('proof', 'erp'), 2, 'both are freed');
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
