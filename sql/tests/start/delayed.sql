-- A delayed start is a run at once, and begins when its time has come.
begin;
select plan(10);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.n"}'), 'post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>a', 'a>post'));
insert into mine select meshhook.start('proof', 'flow', '{"n": 1}', delay => '1h');
select is((pg_temp.run(run)).status::text || ' ' || pg_temp.types(run), 'waiting run.started', 'it waits, undecided') from mine;
select is((pg_temp.run(run)).wake_at, current_setting('meshhook.fake_now')::timestamptz + interval '1h', 'for an hour') from mine;
delete from meshhook.waits;
select is(meshhook.requeue(), 1, 'even when its wait is lost');
select pg_temp.at('59m'), pg_temp.wake();
select is(pg_temp.types(run), 'run.started', 'not yet') from mine;
select pg_temp.at('1m'), pg_temp.wake();
select is(pg_temp.types(run), 'run.started timer.fired segment.decided call.scheduled', 'then it begins') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded', 'and goes on') from mine;
select is((pg_temp.run(run)).status::text, 'succeeded', 'to its end') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
truncate mine;
insert into mine select meshhook.start('proof', 'flow', delay => '1h');
select lives_ok(format('select meshhook.cancel(%L)', run), 'it can be canceled before') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
