-- A run past its deadline fails; what it had open is given up.
begin;
select plan(11);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'nap', pg_temp.node('delay', '{"for": "10s"}')),
  pg_temp.edges('trigger>post', 'trigger>nap'), '{"policy": {"deadline": "60s"}}');
insert into mine select pg_temp.start();
select is((pg_temp.run(run)).deadline_at, current_setting('meshhook.fake_now')::timestamptz + interval '60s', 'the run has a deadline') from mine;
select pg_temp.at('59s'), pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'running', 'not yet') from mine;
select pg_temp.at('1s'), pg_temp.wake(), pg_temp.wake();
select is((pg_temp.run(run)).status::text || ' ' || ((pg_temp.run(run)).error ->> 'code'), 'failed MH_DEADLINE', 'then it fails') from mine;
select is((select jsonb_object_agg(step, status) from mine, meshhook_engine.run_steps_of(run)), '{"post": "canceled", "nap": "succeeded"}', 'what was open is canceled');
select is(pg_temp.queue(run), 'nothing', 'its queue row is gone') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'stale', 'a late result is dropped') from mine;
select is(pg_temp.types(run), 'run.started call.scheduled timer.set timer.fired run.failed', 'it failed once') from mine;
select is((pg_temp.run(run)).deadline_at, null, 'the index of deadlines holds open runs only') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.at('5s');
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded', 'another one, in time') from mine;
select pg_temp.at('5s'), pg_temp.wake(), pg_temp.at('1h'), pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'succeeded', 'an ended run has no deadline') from mine;
select * from finish();
rollback;
