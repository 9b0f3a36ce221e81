-- A bad webhook never fails its neighbours, and nothing of it is lost.
begin;
select plan(26);
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

create function pg_temp.endpoint(name text, state text default 'active') returns uuid language sql as $$
  insert into meshhook.endpoints (id, project_id, token, name, state) select gen_random_uuid(), id, 'token-' || endpoint.name, endpoint.name, endpoint.state from meshhook.projects where slug = 'proof' returning id $$;
create function pg_temp.item(endpoint uuid, type text default 'application/json') returns jsonb language sql as $$
  select jsonb_build_object('endpoint', endpoint, 'method', 'POST', 'path', '/hooks/x', 'query', '{"q": "1"}'::jsonb, 'headers', jsonb_strip_nulls(jsonb_build_object('content-type', type)), 'remote', '127.0.0.1') $$;
create temp table ends (name text, id uuid);

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body"}')), pg_temp.edges('trigger>a'));
insert into ends select n, pg_temp.endpoint(n, case when n in ('paused', 'disabled') then n else 'active' end) from unnest(array['good', 'paused', 'disabled', 'idle']) n;
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, w.project_id from ends e, meshhook.workflows w where e.name <> 'idle';
create temp table sent (n int, what text, item jsonb, body bytea, want text);
insert into sent select row_number() over (), x.* from (
  select 'good', pg_temp.item(id), '{"n": 1}'::bytea, 'accepted' from ends where name = 'good'
  union all select 'unknown endpoint', pg_temp.item('00000000-0000-7000-8000-000000000000'), '{}', 'rejected MH_ENDPOINT_UNKNOWN'
  union all select 'NUL', pg_temp.item(id), '{"n": "\\u0000"}', 'invalid MH_BODY_NUL' from ends where name = 'good'
  union all select 'number', pg_temp.item(id), '{"n": 1e999999}', 'invalid MH_BODY_NUMBER' from ends where name = 'good'
  union all select 'encoding', pg_temp.item(id), '\x7b226e223a22fffe227d', 'invalid MH_BODY_ENCODING' from ends where name = 'good'
  union all select 'depth', pg_temp.item(id), convert_to(repeat('[', 100000) || repeat(']', 100000), 'UTF8'), 'invalid MH_BODY_TOO_DEEP' from ends where name = 'good'
  union all select 'broken', pg_temp.item(id), '{"n": ', 'invalid MH_BODY_JSON' from ends where name = 'good'
  union all select 'half a pair', pg_temp.item(id), '{"n": "\\ud800"}', 'invalid MH_BODY_JSON' from ends where name = 'good'
  union all select 'text that is none', pg_temp.item(id, 'text/plain'), '\xff00', 'invalid MH_BODY_ENCODING' from ends where name = 'good'
  union all select 'form that is none', pg_temp.item(id, 'application/x-www-form-urlencoded'), 'a=%ff', 'invalid MH_BODY_ENCODING' from ends where name = 'good'
  union all select 'empty', pg_temp.item(id), '', 'accepted' from ends where name = 'good'
  union all select 'bytes', pg_temp.item(id, 'application/octet-stream'), '\x0001ff', 'accepted' from ends where name = 'good'
  union all select 'no type', pg_temp.item(id, null), '{"n": 2}', 'accepted' from ends where name = 'good'
  union all select 'no type, text', pg_temp.item(id, null), 'hello', 'accepted' from ends where name = 'good'
  union all select 'form', pg_temp.item(id, 'application/x-www-form-urlencoded'), 'a=1&b=x+y&a=2&c', 'accepted' from ends where name = 'good'
  union all select 'paused', pg_temp.item(id), '{}', 'queued MH_ENDPOINT_PAUSED' from ends where name = 'paused'
  union all select 'disabled', pg_temp.item(id), '{}', 'rejected MH_ENDPOINT_DISABLED' from ends where name = 'disabled'
  union all select 'nobody listens', pg_temp.item(id), '{}', 'ignored MH_NO_WORKFLOW' from ends where name = 'idle'
  union all select 'refused by the door', pg_temp.item(id) || '{"verdict": "rejected", "cause": "MH_SIGNATURE", "message": "wrong"}', '{}', 'rejected MH_SIGNATURE' from ends where name = 'good'
  union all select 'good again', pg_temp.item(id), '{"n": 9}', 'accepted' from ends where name = 'good') x;
create temp table got as select a.* from meshhook_engine.accept(null, 0, array(select item from sent order by n), array(select body from sent order by n)) a;
select is((select count(*) from got), (select count(*) from sent), 'one answer each');
select is(trim(g.verdict || ' ' || coalesce(g.cause, '')), s.want, s.what) from sent s join got g on g.item = s.n order by s.n;
select is_empty($$select s.what from sent s join got g on g.item = s.n where s.body is distinct from (select q.body from meshhook.requests q where q.id = g.request_id) and s.what <> 'unknown endpoint'$$, 'the bytes of each are kept');
select is_empty($$select s.what from sent s join got g on g.item = s.n where (g.verdict = 'accepted') <> (g.run_id is not null)$$, 'accepted is a run');
select is((select jsonb_object_agg(s.what, g.output) from sent s join got g on g.item = s.n where g.verdict = 'accepted'),
  '{"good": {"n": 1}, "empty": null, "bytes": "AAH/", "no type": {"n": 2}, "no type, text": "hello", "form": {"a": ["1", "2"], "b": "x y", "c": ""}, "good again": {"n": 9}}', 'what expressions see');
select is((select count(*) from meshhook.runs), 7::bigint, 'no run of the others');
select is_empty('select * from meshhook.runs r, meshhook.verify(r.id)', 'all are proven, from the bytes');
select * from finish();
rollback;
