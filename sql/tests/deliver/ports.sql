-- Failures: the error edge, on_error, or the end of the run; open calls are given up.
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

create function pg_temp.end_of(more jsonb, variadic pairs text[]) returns jsonb language plpgsql as $$
declare v uuid; r meshhook.runs;
begin
  perform pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', more),
    'good', pg_temp.node('transform', '{"expr": "''good''"}'), 'bad', pg_temp.node('transform', '{"expr": "input.error.status"}')), pg_temp.edges(variadic pairs));
  v := pg_temp.start();
  perform pg_temp.deliver(v, 'post', 1, '{"status": 404}');
  r := pg_temp.run(v);
  if exists (select from meshhook.verify(v)) then raise exception 'not proven'; end if;
  return jsonb_build_array(r.status, coalesce(r.output, 'null'), (select jsonb_object_agg(step, status) from meshhook_engine.run_steps_of(v)));
end $$;
select is(pg_temp.end_of('{}', 'trigger>post', 'post>good', 'post:error>bad'),
  '["succeeded", {"bad": 404}, {"post": "failed", "good": "skipped", "bad": "succeeded"}]', 'the error edge is taken, the other is dead');
select is(pg_temp.end_of('{"on_error": "continue"}', 'trigger>post', 'post>good', 'post>bad'),
  '["succeeded", {"good": "good", "bad": 404}, {"post": "failed", "good": "succeeded", "bad": "succeeded"}]', 'continue: out is taken, the error is the output');
select is(pg_temp.end_of('{"on_error": "continue"}', 'trigger>post', 'post>good', 'post:error>bad') -> 2,
  '{"post": "failed", "good": "skipped", "bad": "succeeded"}', 'an error edge goes before continue');
select is(pg_temp.end_of('{}', 'trigger>post', 'post>good', 'trigger>bad') -> 0, '"failed"', 'neither: the run fails');

-- A failure gives up what else is open.
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'b', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'nap', pg_temp.node('delay', '{"for": "1h"}')), pg_temp.edges('trigger>a', 'trigger>b', 'trigger>nap'));
insert into mine select pg_temp.start();
select is((select count(*) from meshhook.waits where run_id = run), 1::bigint, 'a timer waits') from mine;
select is(pg_temp.deliver(run, 'a', 1, '{"status": 404}'), 'recorded', 'one call fails') from mine;
select is((select jsonb_object_agg(step, status) from mine, meshhook_engine.run_steps_of(run)), '{"a": "failed", "b": "canceled", "nap": "canceled"}', 'the others are canceled');
select is(pg_temp.deliver(run, 'b', 1, '{"status": 200}'), 'stale', 'what comes later is dropped') from mine;
select is(pg_temp.queue(run) || (select count(*) from meshhook.waits where run_id = run), 'nothing0', 'nothing is left of it') from mine;
select is((pg_temp.run(run)).error ->> 'step', 'a', 'the run says which step') from mine;
select * from finish();
rollback;
