-- When pausing and resuming make no sense; a start that was put off can be paused.
begin;
select plan(10);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/a"}')), pg_temp.edges('trigger>a'));
insert into mine select pg_temp.start();
select throws_like(format('select meshhook.resume(%L)', run), 'MH_RUN_NOT_PAUSED: the run is not paused, it is running', 'a running run is not resumed') from mine;
select meshhook.cancel(run) from mine;
select throws_like(format('select meshhook.pause(%L)', run), 'MH_RUN_ENDED: the run has ended already, it is canceled', 'what has ended is not paused') from mine;
select throws_like(format('select meshhook.resume(%L)', run), 'MH_RUN_NOT_PAUSED: %', 'nor resumed') from mine;
select throws_ok('select meshhook.pause(''00000000-0000-7000-8000-000000000000'')', 'MH404', null, 'a run there is not');
select throws_ok('select meshhook.resume(null)', 'MH404', null, 'or none at all');
truncate mine;
insert into mine select meshhook.start('proof', 'flow', delay => '1h');
select meshhook.pause(run) from mine;
select pg_temp.at('2h'), pg_temp.wake();
select is(pg_temp.types(run), 'run.started run.paused', 'a start put off is not begun') from mine;
select meshhook.resume(run), pg_temp.wake() from mine;
select is(pg_temp.types(run), 'run.started run.paused run.resumed timer.fired call.scheduled', 'resumed, it is, because its time has come') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select meshhook.pause(run), meshhook.cancel(run) from mine;
select is(concat_ws(' ', (pg_temp.run(run)).status, pg_temp.queue(run)), 'canceled nothing', 'a paused run can be canceled') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
