-- Work of dead processes is for the living at once; a living process keeps its own.
begin;
select plan(9);
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

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>post'));
create temp table proc as select meshhook_engine.register('dead', 'test') as dead, meshhook_engine.register('alive', 'test') as alive, meshhook_engine.register('young', 'test') as young;
select is(pg_advisory_lock(1835362152, alive)::text, '', 'the living hold their lock') from proc;
update meshhook.processes set started_at = started_at - interval '1 minute' where id in (select dead from proc union select alive from proc);
insert into mine select pg_temp.start() from generate_series(1, 4);
with j as (select id, row_number() over (order by id) as n from meshhook_river.river_job)
update meshhook_river.river_job r set state = case when j.n = 1 then 'running' else 'scheduled' end::meshhook_river.river_job_state, scheduled_at = clock_timestamp() + interval '30s',
  attempted_by = array[(case j.n when 3 then alive when 4 then young else dead end)::text] from j, proc where r.id = j.id;
select is((select did from meshhook_engine.wake(null, 10) where task = 'dead processes'), 2, 'two rows of the dead one, leased and claimed');
select is((select array_agg(state::text || (scheduled_at <= clock_timestamp()) order by id) from meshhook_river.river_job), '{availabletrue,availabletrue,scheduledfalse,scheduledfalse}', 'are there for anybody now');
select is((select count(*) from meshhook.processes, proc where id = dead), 0::bigint, 'it is forgotten');
select is((select did from meshhook_engine.wake(null, 10) where task = 'dead processes'), 0, 'the living and the one just born keep theirs');
select is((select meshhook_engine.beat(alive, array(select j.id from meshhook_river.river_job j)) from proc), 1, 'of all rows named, a heartbeat holds its own lease only');
select is((select meshhook_engine.release(alive, array(select id from meshhook_river.river_job)) from proc), 1, 'and can give it back, its own only');
select is((select count(*) from meshhook_river.river_job where state = 'available'), 3::bigint, 'three for anybody');
select is((select count(*) from meshhook_engine.begin(1, array(select id from meshhook_river.river_job)) b where jsonb_array_length(b.calls) = 1), 4::bigint, 'each row tells its call');
select * from finish();
rollback;
