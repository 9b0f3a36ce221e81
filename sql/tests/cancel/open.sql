-- Canceling ends a run now, with a reason; results of calls in flight are dropped.
begin;
select plan(11);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'nap', pg_temp.node('delay', '{"for": "1h"}')), pg_temp.edges('trigger>post', 'trigger>nap'));
insert into mine select pg_temp.start();
select lives_ok(format('select meshhook.cancel(%L, %L)', run, 'wrong order'), 'canceled') from mine;
select is((pg_temp.run(run)).status::text, 'canceled', 'it has ended') from mine;
select is((pg_temp.run(run)).error, '{"code": "MH_CANCELED", "message": "wrong order", "by": "operator"}', 'with the reason and who gave it') from mine;
select is((select jsonb_object_agg(step, status) from mine, meshhook_engine.run_steps_of(run)), '{"post": "canceled", "nap": "canceled"}', 'what was open is canceled');
select is(pg_temp.queue(run) || (select count(*) from meshhook.waits), 'nothing0', 'queue and waits are empty') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'stale', 'a result that comes later is dropped') from mine;
select is((select concat_ws(' ', action, actor, detail) from meshhook.audit_trail t, mine where t.target = mine.run::text), 'run.canceled operator {"reason": "wrong order"}', 'who did it is written down');
select is(pg_temp.types(run), 'run.started call.scheduled timer.set run.canceled', 'and leaves no trace') from mine;
select throws_ok(format('select meshhook.cancel(%L)', run), 'MH409', null, 'what has ended is not canceled again') from mine;
select throws_ok('select meshhook.cancel(''00000000-0000-7000-8000-000000000000'')', 'MH404', null, 'a run there is not');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
