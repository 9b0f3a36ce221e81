-- Where a run stood after each of its events.
begin;
select plan(7);
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

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.n"}'), 'post', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'b', pg_temp.node('transform', '{"expr": "steps.post.status"}')), pg_temp.edges('trigger>a', 'a>post', 'post>b'));
insert into mine select pg_temp.start();
select is(meshhook.state_at(run, 3) -> 'frontier', (pg_temp.run(run)).frontier, 'as the snapshot says now') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded') from mine;
select is((select array_agg(meshhook.state_at(run, n) ->> 'status' order by n) from mine, generate_series(0, 8) n),
  '{running,running,running,running,succeeded,succeeded,succeeded,succeeded,succeeded}', 'status by status');
select is(meshhook.state_at(run, 3) -> 'steps', '{"a": 3}', 'outputs so far') from mine;
select is(meshhook.state_at(run, 7) - 'frontier', jsonb_build_object('seq', 7, 'status', 'succeeded', 'output', 200, 'error', null, 'steps',
  jsonb_build_object('a', 3, 'b', 200, 'post', '{"status": 200, "headers": {}, "body": null, "attempts": 1, "duration_ms": 0}'::jsonb)), 'and at the end') from mine;
select is(meshhook.state_at(run, 99), meshhook.state_at(run, 7), 'past the end is the end') from mine;
select throws_ok($$select meshhook.state_at('00000000-0000-7000-8000-000000000000', 1)$$, 'MH404', null, 'a run there is not');
select * from finish();
rollback;
