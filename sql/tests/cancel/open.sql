-- Canceling ends a run now, with a reason; results of calls in flight are dropped.
begin;
select plan(10);
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

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'nap', pg_temp.node('delay', '{"for": "1h"}')), pg_temp.edges('trigger>post', 'trigger>nap'));
insert into mine select pg_temp.start();
select lives_ok(format('select meshhook.cancel(%L, %L)', run, 'wrong order'), 'canceled') from mine;
select is((pg_temp.run(run)).status::text, 'canceled', 'it has ended') from mine;
select is((pg_temp.run(run)).error, '{"code": "MH_CANCELED", "message": "wrong order", "by": "operator"}', 'with the reason and who gave it') from mine;
select is((select jsonb_object_agg(step, status) from mine, meshhook_engine.run_steps_of(run)), '{"post": "canceled", "nap": "canceled"}', 'what was open is canceled');
select is(pg_temp.queue(run) || (select count(*) from meshhook.waits), 'nothing0', 'queue and waits are empty') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'stale', 'a result that comes later is dropped') from mine;
select is(pg_temp.types(run), 'run.started call.scheduled timer.set run.canceled', 'and leaves no trace') from mine;
select throws_ok(format('select meshhook.cancel(%L)', run), 'MH409', null, 'what has ended is not canceled again') from mine;
select throws_ok('select meshhook.cancel(''00000000-0000-7000-8000-000000000000'')', 'MH404', null, 'a run there is not');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
