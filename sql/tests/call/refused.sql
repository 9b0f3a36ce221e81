-- Calls that cannot be made, circles, versions, settings.
begin;
select plan(41);
-- with: flow.sql

create function pg_temp.call(name text, callee text, more jsonb default '{}') returns int language sql as $$
  select meshhook.publish('proof', name, jsonb_build_object('apiVersion', 'meshhook/v1', 'name', name,
    'nodes', jsonb_build_object('sub', pg_temp.node('call', jsonb_build_object('workflow', callee) || more), 'e', pg_temp.node('transform', '{"expr": "steps.sub.error"}')), 'edges', pg_temp.edges('trigger>sub', 'sub:error>e'))) $$;
create function pg_temp.simple(name text, expr text, more jsonb default '{}') returns int language sql as $$
  select meshhook.publish('proof', name, jsonb_build_object('apiVersion', 'meshhook/v1', 'name', name, 'nodes', jsonb_build_object('a', pg_temp.node('transform', jsonb_build_object('expr', expr))), 'edges', pg_temp.edges('trigger>a')) || more) $$;
create function pg_temp.outcome(name text) returns jsonb language plpgsql as $$
declare v uuid := meshhook.start('proof', name);
begin
  perform pg_temp.deliver(v, 'sub', 0, null);
  if exists (select from meshhook.verify(v)) then return '"not proven"'; end if;
  return (select coalesce(s.error, s.output) from meshhook.run_steps s where s.run_id = v and s.step = 'sub');
end $$;
select pg_temp.call('caller', 'callee');
select is(pg_temp.outcome('caller') - 'message', '{"code": "MH_WORKFLOW_UNKNOWN", "workflow": "callee", "step": "sub"}', 'no such workflow');
select meshhook.save_draft('proof', 'callee', '{}');
select is(pg_temp.outcome('caller') ->> 'code', 'MH_NOT_PUBLISHED', 'not published');
select pg_temp.simple('callee', '`1`'), pg_temp.simple('callee', '`2`');
select is(pg_temp.outcome('caller'), '2', 'the live version');
select meshhook.rollback('proof', 'callee', 1);
select is(pg_temp.outcome('caller'), '1', 'whichever it is');
select pg_temp.call('caller', 'callee', '{"version": 2}');
select is(pg_temp.outcome('caller'), '2', 'or the one that is pinned');
select pg_temp.call('caller', 'callee', '{"version": 9}');
select is(pg_temp.outcome('caller') ->> 'code', 'MH_VERSION_UNKNOWN', 'which must be there');
select pg_temp.call('caller', 'callee');
select meshhook.disable('proof', 'callee');
select is(pg_temp.outcome('caller') ->> 'code', 'MH_WORKFLOW_DISABLED', 'disabled');
select is((select count(*) from meshhook.runs where parent_id is not null), 3::bigint, 'of these only three made a run');
select meshhook.enable('proof', 'callee');
select pg_temp.simple('callee', 'trigger.body', '{"input": {"schema": {"required": ["id"]}}}');
select is(pg_temp.outcome('caller') ->> 'code', 'MH_INPUT_SCHEMA', 'input that does not fit');
select pg_temp.simple('callee', 'trigger.body');
select is(pg_temp.outcome('caller'), '{}', 'no input is an empty object');
select meshhook.create_project('elsewhere');
select meshhook.publish('elsewhere', 'secret', '{"apiVersion": "meshhook/v1", "name": "secret", "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}');
select pg_temp.call('caller', 'secret');
select is(pg_temp.outcome('caller') ->> 'code', 'MH_WORKFLOW_UNKNOWN', 'another project''s workflows are not there');
select pg_temp.call('caller', 'callee', '{"wait": false}');
select matches(pg_temp.outcome('caller') #>> '{}', '^[0-9a-f-]{36}$', 'not waiting gives the id');
select pg_temp.call('caller', 'gone', '{"wait": false}');
select is(pg_temp.outcome('caller') ->> 'code', 'MH_WORKFLOW_UNKNOWN', 'but not that of a run that cannot be made');

-- Circles.
select throws_like($$select pg_temp.call('self', 'self')$$, 'MH_DEF_INVALID: MH_DEF_CALL_CYCLE at /nodes/sub/with/workflow: %self -> self', 'itself');
select pg_temp.call('a', 'b'), pg_temp.call('b', 'c');
select throws_like($$select pg_temp.call('c', 'a')$$, 'MH_DEF_INVALID: MH_DEF_CALL_CYCLE at %c -> a -> b -> c', 'three of them, named');
select results_eq($$select severity, code, path from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "c", "nodes": {"n": {"type": "call", "with": {"workflow": "a"}}, "m": {"type": "call", "with": {"workflow": "nobody"}}, "o": {"type": "call", "with": {"workflow": "a", "version": 7}}},
  "edges": [{"from": "trigger", "to": "n"}, {"from": "trigger", "to": "m"}, {"from": "trigger", "to": "o"}]}', 'proof') order by 3$$,
  $$values ('warning', 'MH_DEF_CALL_UNKNOWN', '/nodes/m/with/workflow'), ('error', 'MH_DEF_CALL_CYCLE', '/nodes/n/with/workflow'), ('warning', 'MH_DEF_CALL_UNKNOWN', '/nodes/o/with/workflow')$$, 'validate tells all of it');
select is_empty($$select * from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "c", "nodes": {"n": {"type": "call", "with": {"workflow": "a"}}}, "edges": [{"from": "trigger", "to": "n"}]}')$$, 'without a project nobody knows');
select lives_ok($$select pg_temp.simple('c', '`1`')$$, 'no circle');
select lives_ok($$select pg_temp.call('b', 'c', '{"version": 1}'), pg_temp.call('c', 'b', '{"version": 2}')$$, 'a pinned version that calls nothing back is none');
-- One that publishing did not see is stopped when the runs are too deep. Twenty in a row, as rows of the same shape.
select pg_temp.simple('x', '`1`'), pg_temp.call('deep', 'x');
insert into mine select meshhook.start('proof', 'deep') from generate_series(1, 3);
insert into meshhook.runs (id, started_at, finished_at, project_id, workflow_id, version_id, seq, status, trigger, frontier, parent_id)
select meshhook_engine.child_id(r.id, 'x', n, r.started_at), r.started_at, r.started_at, r.project_id, r.workflow_id, r.version_id, 1, 'succeeded', 'call', '{}',
  case when n > 1 then meshhook_engine.child_id(r.id, 'x', n - 1, r.started_at) end
from meshhook.runs r, generate_series(1, 19) n where r.id = (select run from mine order by run limit 1);
create function pg_temp.below(up int) returns jsonb language plpgsql as $$
declare v uuid := (select m.run from mine m join meshhook.runs r on r.id = m.run where r.parent_id is null and r.finished_at is null order by m.run desc limit 1);
begin
  update meshhook.runs r set parent_id = meshhook_engine.child_id(f.run, 'x', up, r.started_at) from (select run from mine order by run limit 1) f where r.id = v;
  perform pg_temp.deliver(v, 'sub', 0, null);
  return (select coalesce(s.error, s.output) from meshhook.run_steps s where s.run_id = v and s.step = 'sub');
end $$;
select is(pg_temp.below(18), '1', 'eighteen above it are not too many');
select is(pg_temp.below(19) ->> 'code', 'MH_CALL_DEPTH', 'nineteen are');

-- The id of a called run.
select is(meshhook_engine.child_id('01a20846-fe00-765d-9b52-cf5575d9685e', 'sub', 2, '2026-01-01'), meshhook_engine.child_id('01a20846-fe00-765d-9b52-cf5575d9685e', 'sub', 2, '2026-01-01'), 'follows from what it is made of');
select is((select count(distinct meshhook_engine.child_id('01a20846-fe00-765d-9b52-cf5575d9685e', s, q, '2026-12-01')) from unnest(array['sub', 'sub[0].a', 'b']) s, generate_series(1, 50) q), 150::bigint, 'another for each');
select ok(meshhook_engine.child_id('01a20846-fe00-765d-9b52-cf5575d9685e', 'sub', 2, '2001-01-01') > '01a20846-fe00-765d-9b52-cf5575d9685e', 'behind its caller''s, whatever the clock says');
select matches(meshhook_engine.child_id('01a20846-fe00-765d-9b52-cf5575d9685e', 'sub', 2, now())::text, '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', 'a uuid v7');

-- Settings.
create function pg_temp.says(settings jsonb, variadic codes text[]) returns text language sql as $$
  select is((select coalesce(array_agg(v.code || replace(v.path, '/nodes/n/with', '') order by v.code, v.path), '{}')
    from meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'own', 'nodes', jsonb_build_object('n', jsonb_build_object('type', 'call', 'with', settings)),
      'edges', '[{"from": "trigger", "to": "n"}]'::jsonb), 'proof') v), codes, settings::text) $$;
select pg_temp.says('{"workflow": "callee"}', variadic '{}');
select pg_temp.says('{"workflow": "callee", "version": 1, "input": {"a": ["{{ trigger.body }}"]}, "wait": false}', variadic '{}');
select pg_temp.says('{"workflow": "callee", "version": "latest", "input": null}', variadic '{}');
select pg_temp.says('{"workflow": "Callee"}', 'MH_DEF_CALL/workflow', 'MH_DEF_CALL_UNKNOWN/workflow');
select pg_temp.says('{"workflow": 1}', 'MH_DEF_CALL/workflow', 'MH_DEF_CALL_UNKNOWN/workflow');
select pg_temp.says('{"workflow": "callee", "version": "newest"}', 'MH_DEF_CALL/version', 'MH_DEF_CALL_UNKNOWN/workflow');
select pg_temp.says('{"workflow": "callee", "version": 0}', 'MH_DEF_CALL_UNKNOWN/workflow', 'MH_DEF_RANGE/version');
select pg_temp.says('{"workflow": "callee", "version": 1.5}', 'MH_DEF_CALL_UNKNOWN/workflow', 'MH_DEF_TYPE/version');
select pg_temp.says('{"workflow": "callee", "version": {}}', 'MH_DEF_CALL/version', 'MH_DEF_CALL_UNKNOWN/workflow');
select pg_temp.says('{"workflow": "callee", "wait": "yes", "x": 1}', 'MH_DEF_TYPE/wait', 'MH_DEF_UNKNOWN_KEY/x');
select pg_temp.says('{"workflow": "callee", "input": "{{ secrets.k }}"}', 'MH_DEF_SECRET_PLACE/input', 'MH_DEF_SECRET_UNKNOWN/input');
select pg_temp.says('{"workflow": "callee", "input": "{{ steps.gone }}"}', 'MH_DEF_REF_UNKNOWN/input');
select lives_ok(format('select count(*) from meshhook.validate(%L, %L)', d, 'proof'), left(d, 60)) from unnest(array[
  '{"nodes": []}', '{"nodes": {"a": 1, "b": {"type": "call"}, "c": {"type": "call", "with": 7}, "d": {"type": "call", "with": {"workflow": {}, "version": []}}}}', '{"nodes": {"a": {"type": "call", "with": {"nodes": {"x": {"type": "call"}}}}}, "name": 5}', '7']) d;
select * from finish();
rollback;
