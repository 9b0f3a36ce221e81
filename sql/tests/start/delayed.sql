-- A delayed start is a run at once, and begins when its time has come.
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
