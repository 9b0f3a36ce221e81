-- What a simulation refuses, and that it writes nothing and needs no project.
begin;
create role mh_t_reader login noinherit;
grant meshhook_user to mh_t_reader;
create temp table d as select '{"apiVersion": "meshhook/v1", "name": "draft", "nodes": {"a": {"type": "transform", "with": {"expr": "trigger.body"}},
  "post": {"type": "http_call", "with": {"url": "https://erp.test/"}}, "b": {"type": "branch", "with": {"cases": [{"port": "x", "when": "a"}], "default": "y"}},
  "end": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}, {"from": "a", "to": "post"}, {"from": "post", "to": "b"}, {"from": "b", "port": "x", "to": "end"}]}'::jsonb as d;
grant select on d to public;
create temp table bad (code text, path text, trigger jsonb, mocks jsonb);
insert into bad values
  ('MH_SIMULATE_NO_MOCK', null, '{"body": 1}', '{}'),
  ('MH_SIMULATE_TRIGGER', null, null, '{}'),
  ('MH_SIMULATE_TRIGGER', null, 'null', '{}'),
  ('MH_SIMULATE_TRIGGER', null, '[]', '{}'),
  ('MH_SIMULATE_TRIGGER', null, '"text"', '{}'),
  ('MH_SIMULATE_TRIGGER', null, '{"id": 1}', '{}'),
  ('MH_SIMULATE_TRIGGER', null, '{"body": 1, "headers": []}', '{}'),
  ('MH_SIMULATE_TRIGGER', null, '{"body": 1, "query": "x"}', '{}'),
  ('MH_SIMULATE_TRIGGER', null, '{"body": 1, "received_at": "tomorrow"}', '{}'),
  ('MH_SIMULATE_TRIGGER', null, '{"body": 1, "received_at": "2026-13-45T00:00:00Z"}', '{}'),
  ('MH_SIMULATE_TRIGGER', null, '{"body": 1, "received_at": {}}', '{}'),
  ('MH_SIMULATE_MOCK', '/', '{}', '[]'),
  ('MH_SIMULATE_MOCK', '/', '{}', '"post"'),
  ('MH_SIMULATE_MOCK', '/poost', '{}', '{"poost": {}}'),
  ('MH_SIMULATE_MOCK', '/' || repeat('x', 80), '{}', jsonb_build_object(repeat('x', 200), 1)),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": []}'),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": null}'),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": 200}'),
  ('MH_SIMULATE_MOCK', '/post/1', '{}', '{"post": [{}, 7]}'),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": {"code": 200}}'),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": {"body": 1, "text": "1"}}'),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": {"output": 1, "status": 200}}'),
  ('MH_SIMULATE_MOCK', '/post/status', '{}', '{"post": {"status": 99}}'),
  ('MH_SIMULATE_MOCK', '/post/status', '{}', '{"post": {"status": 200.5}}'),
  ('MH_SIMULATE_MOCK', '/post/status', '{}', '{"post": {"status": "200"}}'),
  ('MH_SIMULATE_MOCK', '/post/status', '{}', '{"post": {"status": null}}'),
  ('MH_SIMULATE_MOCK', '/post/headers', '{}', '{"post": {"headers": []}}'),
  ('MH_SIMULATE_MOCK', '/post/headers', '{}', '{"post": {"headers": {"a": 1}}}'),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": {"text": 1}}'),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": {"base64": "?"}}'),
  ('MH_SIMULATE_MOCK', '/post', '{}', '{"post": {"base64": "abc"}}'),
  ('MH_SIMULATE_MOCK', '/post/takes', '{}', '{"post": {"takes": "soon"}}'),
  ('MH_SIMULATE_MOCK', '/post/takes', '{}', '{"post": {"takes": 5}}'),
  ('MH_SIMULATE_MOCK', '/post/error/class', '{}', '{"post": {"error": {}}}'),
  ('MH_SIMULATE_MOCK', '/post/error/class', '{}', '{"post": {"error": "timeout"}}'),
  ('MH_SIMULATE_MOCK', '/post/error/class', '{}', '{"post": {"error": {"class": "bad luck"}}}'),
  ('MH_SIMULATE_MOCK', '/a', '{}', '{"a": {"status": 200}}'),
  ('MH_SIMULATE_MOCK', '/b', '{}', '{"b": {"output": 1}}'),
  ('MH_SIMULATE_MOCK', '/b', '{}', '{"b": {"ports": "x"}}'),
  ('MH_SIMULATE_MOCK', '/end', '{}', '{"end": {"output": 1}}'),
  ('MH_SIMULATE_MOCK', '/$vars', '{}', '{"$vars": []}'),
  ('MH_SIMULATE_MOCK', '/$run', '{}', '{"$run": "x"}'),
  ('MH_SIMULATE_MOCK', '/*', '{}', '{"*": {"output": 1}}');
create function pg_temp.refused(d jsonb, trigger jsonb, mocks jsonb) returns text language plpgsql as $$
declare
  v_detail text;
begin
  perform from meshhook.simulate(d, trigger, mocks);
  return 'nothing';
exception when others then
  get stacked diagnostics v_detail = pg_exception_detail;
  return concat_ws(' ', sqlstate, split_part(sqlerrm, ':', 1), v_detail::jsonb ->> 'path');
end $$;
select plan((select count(*)::int from bad) + 10);
select is(pg_temp.refused(d, b.trigger, b.mocks), concat_ws(' ', 'MH422', b.code, b.path), coalesce(left(b.mocks::text, 100), 'null') || ' for ' || coalesce(b.trigger::text, 'null')) from bad b, d order by b.path;
select throws_ok($$select meshhook.simulate(d, '{"body": 1}') from d$$, 'MH422', 'MH_SIMULATE_NO_MOCK: step post makes a call, and no mock answers it', 'the step is named');
select throws_like($$select meshhook.simulate(d #- '{nodes,end}', '{"body": 1}') from d$$, 'MH_DEF_INVALID: MH_DEF_EDGE_DANGLING%', 'what is wrong with a definition');
select throws_like($$select meshhook.simulate(x, '{"body": 1}') from unnest(array[null, 'null', '[]', '7']::jsonb[]) x$$, 'MH_DEF_INVALID: %', 'or that it is none');
select throws_like($$select meshhook.simulate(null, '{"body": 1}') from d$$, 'MH_DEF_INVALID: %', 'or not there');
select throws_like($$select meshhook.simulate(d || '{"input": {"schema": {"type": "object"}}}', '{"body": 1}') from d$$, 'MH_INPUT_SCHEMA: %', 'an input that would start nothing');
select lives_ok($$select meshhook.simulate(d, '{"body": 1}', '{"post": {"output": null}}') from d$$, 'null can be pinned');
select throws_like($$select meshhook.simulate(d || '{"nodes": {"post": {"type": "http_call", "retry": {"max_attempts": 100, "base": "1ms", "cap": "1ms"}, "with": {"url": "https://erp.test/"}}}, "edges": [{"from": "trigger", "to": "post"}]}', '{}',
  '{"post": {"status": 503}}'), 1/0 from d$$, '%division by zero', 'many tries come to an end');
select throws_like($$
  select meshhook.simulate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'wide',
    'nodes', (select jsonb_object_agg('n' || n, '{"type": "http_call", "retry": {"max_attempts": 100, "base": "1ms", "cap": "1ms"}, "with": {"url": "https://erp.test/"}}'::jsonb) from generate_series(1, 60) n),
    'edges', (select jsonb_agg(jsonb_build_object('from', 'trigger', 'to', 'n' || n)) from generate_series(1, 60) n)), '{}', '{"*": {"status": 503}}')$$, 'MH_SIMULATE_TOO_LONG:%', 'too many do not');
-- Reads only, and whoever may use the product may do it.
set local session authorization mh_t_reader;
set local role meshhook_user;
set transaction read only;
select is((select string_agg(s.type, ' ' order by s.seq) from d, meshhook.simulate(d, '{"body": 1}', '{"post": {}}') s),
  'run.started segment.decided call.scheduled call.attempted call.succeeded segment.decided run.succeeded', 'in a read-only transaction, by anybody');
select is((select count(*) from d, meshhook.simulate(d, '{"body": 1}', '{"post": {}}') s where s.step = 'post'), 3::bigint, 'twice the same');
select * from finish();
rollback;
