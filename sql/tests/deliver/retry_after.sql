-- Retry-After lifts the delay, up to the cap; 410 is never tried again, and what is not in "on" neither.
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

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}',
  '{"retry": {"max_attempts": 9, "base": "1s", "factor": 1, "cap": "60s", "jitter": "none"}}')), pg_temp.edges('trigger>post'));
create function pg_temp.delay(header text, status int default 429) returns text language plpgsql as $$
declare v uuid := pg_temp.start();
begin
  perform pg_temp.deliver(v, 'post', 1, jsonb_build_object('status', status, 'headers', jsonb_build_object('retry-after', header)));
  return coalesce((select data ->> 'delay_ms' from meshhook.events where run_id = v and type = 'retry.scheduled'), 'never');
end $$;
select is(pg_temp.delay('7'), '7000', 'seconds');
select is(pg_temp.delay('7', 503), '7000', 'with 503 as well');
select is(pg_temp.delay('0'), '1000', 'not below the backoff');
select is(pg_temp.delay('86400'), '60000', 'not above the cap');
select is(pg_temp.delay(to_char((current_setting('meshhook.fake_now')::timestamptz + interval '20s') at time zone 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS "GMT"')), '20000', 'a date');
select is(pg_temp.delay('Mon, 01 Jan 2001 00:00:00 GMT'), '1000', 'a date gone by');
select is(pg_temp.delay('Mon, 99 Jan 2001 00:00:00 GMT'), '1000', 'a date that is none');
select is(pg_temp.delay('soon'), '1000', 'words');
select is(pg_temp.delay('99999999999999999999'), '1000', 'a number beyond reason');
select is(pg_temp.delay('1', 410), 'never', '410 is gone');
select is(pg_temp.delay('1', 404), 'never', '404 is not tried again by itself');
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}',
  '{"retry": {"base": "1s", "jitter": "none", "on": ["404", "4xx"]}}')), pg_temp.edges('trigger>post'));
select is(pg_temp.delay('1', 404), '1000', 'unless it is listed');
select is(pg_temp.delay('1', 410), 'never', '410 even then');
select is(pg_temp.delay('1', 500), 'never', 'and 500 only when listed');
select * from finish();
rollback;
