-- Delays: short ones are sat out by the process, long ones wait; each fires once.
begin;
select plan(14);
-- A call node between trigger and end unless told otherwise; the clock stands at noon two days ago and is moved by at().
select set_config('meshhook.fake_now', (date_trunc('day', now()) - interval '36 hours')::text, true);
create function pg_temp.at(p interval) returns text language sql as $$
  select set_config('meshhook.fake_now', (current_setting('meshhook.fake_now')::timestamptz + p)::text, true) $$;
create function pg_temp.flow(nodes jsonb, edges jsonb, more jsonb default '{}') returns int language sql as $$
  select meshhook.publish('proof', 'flow', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', nodes, 'edges', edges) || more) $$;
create function pg_temp.node(type text, settings jsonb, more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('type', type, 'with', settings) || more $$;
create function pg_temp.edges(variadic pairs text[]) returns jsonb language sql as $$
  select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('from', split_part(split_part(p, '>', 1), ':', 1), 'to', split_part(p, '>', 2),
    'port', nullif(split_part(split_part(p, '>', 1), ':', 2), ''))) order by n) from unnest(pairs) with ordinality x(p, n) $$;
create function pg_temp.start() returns uuid language sql as $$ select meshhook.start('proof', 'flow', '{"n": 3}') $$;
create function pg_temp.deliver(run uuid, step text, attempt int, response jsonb, error jsonb default null, body text default null, job bigint default null, process int default null)
returns text language sql as $$
  select d.verdict from meshhook_engine.deliver(process, 0, array[jsonb_strip_nulls(jsonb_build_object('run', run, 'step', step, 'attempt', attempt, 'job', job,
    'kind', case when attempt = 0 then 'timer' else 'call' end, 'response', response, 'error', error))], array[convert_to(body, 'UTF8')]) d $$;
create function pg_temp.run(id uuid) returns meshhook.runs language sql as $$ select r from meshhook.runs r where r.id = run.id $$;
create function pg_temp.types(id uuid) returns text language sql as $$ select string_agg(e.type::text, ' ' order by e.seq) from meshhook.events e where e.run_id = id $$;
create function pg_temp.queue(id uuid) returns text language sql as $$
  select coalesce(string_agg(j.state::text, ' ' order by j.id), 'nothing') from meshhook_river.river_job j where j.args ->> 'run_id' = queue.id::text $$;
create function pg_temp.wake() returns bigint language sql as $$ select count(*) from meshhook_engine.wake(null, 100) $$;
create temp table mine (run uuid);
select meshhook.create_project('proof');

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
