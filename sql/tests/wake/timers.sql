-- Delays: short ones are sat out by the process, long ones wait; each fires once.
begin;
select plan(14);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('nap', pg_temp.node('delay', '{"for": "90s"}'), 'until', pg_temp.node('delay', '{"until": "trigger.body.at"}'),
  'end', pg_temp.node('transform', '{"expr": "[steps.nap.woke_at, steps.until.woke_at]"}')), pg_temp.edges('trigger>nap', 'trigger>until', 'nap>end', 'until>end'));
insert into mine select meshhook.start('proof', 'flow', jsonb_build_object('at', current_setting('meshhook.fake_now')::timestamptz + interval '30s'));
select is((select array_agg(step || ' ' || kind order by due_at) from meshhook.waits), '{"until timer","nap timer"}', 'two timers');
select is((pg_temp.run(run)).wake_at, current_setting('meshhook.fake_now')::timestamptz + interval '30s', 'the run knows the first') from mine;
select is((pg_temp.run(run)).status::text, 'waiting', 'and waits') from mine;
select pg_temp.at('30s'), pg_temp.wake(), pg_temp.wake();
select is((select array_agg(step) from meshhook.waits), '{nap}', 'the first has fired, once');
select is((pg_temp.run(run)).wake_at, current_setting('meshhook.fake_now')::timestamptz + interval '60s', 'the next is known') from mine;
select pg_temp.at('1h'), pg_temp.wake(), pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'succeeded', 'both woke') from mine;
select is(pg_temp.types(run), 'run.started timer.set timer.set timer.fired timer.fired segment.decided run.succeeded', 'the log says so') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- Due already, and no moment at all.
truncate mine;
insert into mine select meshhook.start('proof', 'flow', '{"at": "2001-01-01T00:00:00Z"}');
select is((select j.state::text from mine, meshhook_river.river_job j where j.args ->> 'run_id' = run::text), 'available', 'a moment gone by is due at once, for anybody');
select is(pg_temp.deliver(run, 'until', 0, null), 'recorded', 'and fires when it is delivered') from mine;
select is((pg_temp.run(meshhook.start('proof', 'flow', '{"at": "tomorrow"}'))).error ->> 'code', 'MH_NOT_A_TIMESTAMP', 'a word that means another moment each day is refused');

-- Under two seconds the process that decides waits for it itself.
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'nap', pg_temp.node('delay', '{"for": "1500ms"}')), pg_temp.edges('trigger>post', 'post>nap'));
truncate mine;
insert into mine select pg_temp.start();
select is((select (d.calls -> 0) - 'run' - 'job' - 'project' from mine, meshhook_engine.deliver(1, 5, array[jsonb_build_object('run', run, 'step', 'post', 'attempt', 1, 'take', true,
  'response', '{"status": 200}'::jsonb)], array[null::bytea]) d), '{"step": "nap", "kind": "timer", "attempt": 0, "after_ms": 1500}', 'it is handed the timer');
select is(pg_temp.queue(run), 'scheduled', 'under its lease') from mine;
select is((select count(*) from meshhook.waits where run_id = run), 0::bigint, 'no wait is written') from mine;
select * from finish();
rollback;
