-- Retries: exponential up to a cap, jitter drawn once and recorded, then failed for good.
begin;
select plan(25);
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

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}',
  '{"retry": {"max_attempts": 4, "base": "10s", "factor": 3, "cap": "60s", "jitter": "none"}}')), pg_temp.edges('trigger>post'));
insert into mine select pg_temp.start();
select is(pg_temp.deliver(run, 'post', 1, '{"status": 503}'), 'recorded', 'the first attempt') from mine;
select is((pg_temp.run(run)).status::text, 'waiting', 'the run waits') from mine;
select is(pg_temp.queue(run), 'nothing', 'no queue row stands for a wait') from mine;
select is((select data - 'draw' from meshhook.events where run_id = run and type = 'retry.scheduled'),
  jsonb_build_object('delay_ms', 10000, 'class', '5xx', 'due', ((extract(epoch from current_setting('meshhook.fake_now')::timestamptz) + 10) * 1000)::bigint), 'base first') from mine;
select is((select kind || ' ' || (due_at = current_setting('meshhook.fake_now')::timestamptz + interval '10s') from meshhook.waits w where w.run_id = run), 'retry true', 'as a wait') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'stale', 'the first attempt again is stale') from mine;
select pg_temp.at('9.999s'), pg_temp.wake();
select is(pg_temp.queue(run), 'nothing', 'not before its time') from mine;
select pg_temp.at('1ms'), pg_temp.wake();
select is(pg_temp.queue(run), 'available', 'then it is for anybody') from mine;
select is((select count(*) from meshhook.waits), 0::bigint, 'and waits no more');
select is(pg_temp.deliver(run, 'post', 2, null, '{"class": "timeout", "code": "MH_CALL_TIMEOUT", "message": "slow"}'), 'recorded', 'a timeout is tried again') from mine;
select is((select data ->> 'delay_ms' from meshhook.events where run_id = run and type = 'retry.scheduled' and attempt = 3), '30000', 'times factor') from mine;
select pg_temp.at('30s'), pg_temp.wake();
select is(pg_temp.deliver(run, 'post', 3, null, '{"class": "network", "code": "MH_CALL_NETWORK", "message": "refused"}'), 'recorded', 'and so is a broken connection') from mine;
select is((select data ->> 'delay_ms' from meshhook.events where run_id = run and type = 'retry.scheduled' and attempt = 4), '60000', 'up to the cap') from mine;
select pg_temp.at('60s'), pg_temp.wake();
select is(pg_temp.deliver(run, 'post', 4, '{"status": 502}'), 'recorded', 'the last one') from mine;
select is((pg_temp.run(run)).status::text, 'failed', 'then the run fails') from mine;
select is((pg_temp.run(run)).error - 'message', '{"code": "MH_CALL_STATUS", "class": "5xx", "status": 502, "step": "post", "attempts": 4}', 'with the last error') from mine;
select is((select data -> 'duration_ms' from meshhook.events where run_id = run and type = 'call.failed'), '100000', 'and how long it took') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- Full jitter: between nothing and the bound, by the recorded draw.
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"base": "10s", "max_attempts": 2}}')), pg_temp.edges('trigger>post'));
truncate mine;
insert into mine select pg_temp.start() from generate_series(1, 20);
select is(count(*), 20::bigint, 'twenty more') from mine where pg_temp.deliver(run, 'post', 1, '{"status": 503}') = 'recorded';
select ok(bool_and((data ->> 'delay_ms')::numeric = round((data ->> 'draw')::numeric * 10000) and (data ->> 'draw')::float8 between 0 and 1), 'the delay is the draw times the bound')
from mine join meshhook.events on run_id = run and type = 'retry.scheduled';
select ok(count(distinct data ->> 'delay_ms') > 10, 'each its own draw') from mine join meshhook.events on run_id = run and type = 'retry.scheduled';
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven, draws and all');

-- No time left for another attempt.
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}',
  '{"retry": {"base": "10s", "jitter": "none", "max_elapsed": "25s"}}')), pg_temp.edges('trigger>post'));
truncate mine;
insert into mine select pg_temp.start();
select is(pg_temp.deliver(run, 'post', 1, '{"status": 503}'), 'recorded', 'ten seconds from now is in time') from mine;
select pg_temp.at('10s'), pg_temp.wake();
select is(pg_temp.deliver(run, 'post', 2, '{"status": 503}'), 'recorded', 'thirty is not') from mine;
select is((pg_temp.run(run)).status::text, 'failed', 'so it fails now') from mine;
select * from finish();
rollback;
