-- A bad webhook never fails its neighbours, and nothing of it is lost.
begin;
select plan(26);
-- with: flow.sql

-- with: door.sql

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
