-- Every queue row and every wait may be lost: requeue makes them again from the runs.
begin;
select plan(17);
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

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"base": "1m", "jitter": "none"}}'), 'nap', pg_temp.node('delay', '{"for": "1h"}')),
  pg_temp.edges('trigger>post', 'trigger>nap'));
insert into mine select pg_temp.start() from generate_series(1, 3);
-- One has its call open, one waits for a retry, one is over.
create temp table three as select run, row_number() over (order by run) as n from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 503}'), 'recorded', 'one is to be tried again') from three where n = 2;
select lives_ok(format('select meshhook.cancel(%L)', run), 'one is canceled') from three where n = 3;
select is(meshhook.requeue(), 0, 'nothing is wrong');
delete from meshhook_river.river_job;
select is(meshhook.requeue(), 1, 'the lost row of the open call');
select is((select string_agg(pg_temp.queue(run), ',' order by n) from three), 'available,nothing,nothing', 'is there again');
delete from meshhook.waits;
delete from meshhook_river.river_job;
select is(meshhook.requeue(), 2, 'rows and waits');
select is((select string_agg(coalesce(w, '-'), ',' order by n) from three left join lateral (select string_agg(step || ' ' || kind, ' ' order by step) as w from meshhook.waits where run_id = run) x on true),
  'nap timer,nap timer post retry,-', 'come back as they were');
select is(meshhook.requeue(), 0, 'and that is that');
select pg_temp.at('1m'), pg_temp.wake();
select is((select string_agg(pg_temp.queue(run), ',' order by n) from three), 'available,available,nothing', 'the retry comes when it is due');
select is(pg_temp.deliver(run, 'post', 2, '{"status": 200}'), 'recorded', 'and is made') from three where n = 2;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded', 'so is the other call') from three where n = 1;
delete from meshhook.waits;
select pg_temp.at('2h');
select is(meshhook.requeue(), 2, 'timers that came due while they were lost');
select is((select string_agg(pg_temp.queue(run), ',' order by n) from three), 'available,available,nothing', 'go to the queue at once');
select is(pg_temp.deliver(run, 'nap', 0, null), 'recorded', 'and fire') from three where n = 1;
select is((pg_temp.run(run)).status::text, 'succeeded', 'to the end') from three where n = 1;
select is_empty($$select * from three, meshhook.verify(run)$$, 'proven');
set local session authorization meshhook_worker;
select throws_ok('select meshhook.requeue()', '42501', null, 'not for workers');
reset session authorization;
select * from finish();
rollback;
