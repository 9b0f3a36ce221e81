-- Each verb by each role, in one's own project and in another's.
begin;
create role mh_t_api login noinherit;
grant meshhook_user to mh_t_api;
insert into meshhook.trusted_sessions (role_name) values ('mh_t_api');
select meshhook.create_project('own-test'), meshhook.create_project('other-test');
insert into meshhook.members (project_id, principal, role)
  select p.id, 't-' || r, r from meshhook.projects p, unnest(array['viewer', 'operator', 'editor', 'admin', 'owner']) r where p.slug = 'own-test';
select meshhook.publish(p, 'flow', '{"apiVersion": "meshhook/v1", "name": "flow", "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}')
from unnest(array['own-test', 'other-test']) p;
select meshhook.add_schedule(p, 'flow', 'nightly', '@daily'), meshhook.put_watch('pg_proc', p, 'flow', '{insert}', null, null, 1) from unnest(array['own-test', 'other-test']) p;
select meshhook.trip_breaker(p, 'erp') from unnest(array['own-test', 'other-test']) p;
create temp table doors as select p as project, e.id from unnest(array['own-test', 'other-test']) p, meshhook.create_endpoint(p, 'flow') e;
grant select on doors to public;
-- Runs to be steered: running, paused, failed.
select meshhook.publish(p, 'open', '{"apiVersion": "meshhook/v1", "name": "open", "nodes": {"a": {"type": "http_call", "with": {"url": "http://target.test/"}}}, "edges": [{"from": "trigger", "to": "a"}]}')
from unnest(array['own-test', 'other-test']) p;
select meshhook.publish(p, 'asks', '{"apiVersion": "meshhook/v1", "name": "asks", "nodes": {"a": {"type": "wait", "with": {"approval": {"title": "?"}}}}, "edges": [{"from": "trigger", "to": "a"}]}')
from unnest(array['own-test', 'other-test']) p;
create temp table stood as select p as project, meshhook.start(p, 'open') as running, meshhook.start(p, 'open') as paused, meshhook.start(p, 'open') as failed, meshhook.start(p, 'asks') as asking from unnest(array['own-test', 'other-test']) p;
select meshhook.pause(paused) from stood;
select d.status from stood, meshhook_engine.deliver(null, 0, array[jsonb_build_object('run', failed, 'step', 'a', 'attempt', 1, 'kind', 'call', 'response', '{"status": 404}'::jsonb)], array[null::bytea]) d;
-- A refused request of each project.
create temp table refused as select d.project, a.request_id as id from doors d, meshhook_engine.accept(null, 0, array[jsonb_build_object(
  'endpoint', d.id, 'method', 'POST', 'path', '/hooks/x', 'headers', '{}'::jsonb, 'verdict', 'rejected', 'cause', 'MH_SECRET_NONE', 'evidence', 'AAAA')], array['{}'::bytea]) a;
create temp table verbs (verb text, needs text, statement text);
insert into verbs values
  ('set_limit', 'admin', $$select meshhook.set_limit(%1$L, 'calls', 'erp.test', 1, '1s')$$),
  ('trip_breaker', 'operate', $$select meshhook.trip_breaker(%1$L, 'erp')$$),
  ('reset_breaker', 'operate', $$select meshhook.reset_breaker(%1$L, 'erp')$$),
  ('validate', 'view', $$select meshhook.validate('{}', %1$L)$$),
  ('diff', 'view', $$select meshhook.diff(%1$L, 'flow', 1, 1)$$),
  ('backtest', 'view', $$select meshhook.backtest(%1$L, 'flow', '{"apiVersion": "meshhook/v1", "name": "flow", "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}')$$),
  ('save_draft', 'edit', $$select meshhook.save_draft(%1$L, 'flow', '{}')$$),
  ('publish', 'edit', $$select meshhook.publish(%1$L, 'flow', '{"apiVersion": "meshhook/v1", "name": "flow", "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}')$$),
  ('rollback', 'edit', $$select meshhook.rollback(%1$L, 'flow', 1)$$),
  ('enable', 'edit', $$select meshhook.enable(%1$L, 'flow')$$),
  ('disable', 'edit', $$select meshhook.disable(%1$L, 'flow')$$),
  ('create_endpoint', 'edit', $$select meshhook.create_endpoint(%1$L, 'flow')$$),
  ('rotate_endpoint_token', 'edit', $$select meshhook.rotate_endpoint_token(%2$L)$$),
  ('pause_endpoint', 'operate', $$select meshhook.pause_endpoint(%2$L)$$),
  ('resume_endpoint', 'operate', $$select meshhook.resume_endpoint(%2$L)$$),
  ('disable_endpoint', 'edit', $$select meshhook.disable_endpoint(%2$L)$$),
  ('enable_endpoint', 'edit', $$select meshhook.enable_endpoint(%2$L)$$),
  ('set_endpoint', 'edit', $$select meshhook.set_endpoint(%2$L, '{"max_body": 7}')$$),
  ('add_endpoint_workflow', 'edit', $$select meshhook.add_endpoint_workflow(%2$L, 'flow')$$),
  ('remove_endpoint_workflow', 'edit', $$select meshhook.remove_endpoint_workflow(%2$L, 'flow')$$),
  ('put_watch', 'edit', $$select meshhook.put_watch('pg_class', %1$L, 'flow', '{insert}', null, null, 1)$$),
  ('take_watch', 'edit', $$select meshhook.take_watch('pg_proc', %1$L, 'flow')$$),
  ('add_schedule', 'edit', $$select meshhook.add_schedule(%1$L, 'flow', 'nightly', '@daily')$$),
  ('remove_schedule', 'edit', $$select meshhook.remove_schedule(%1$L, 'nightly')$$),
  ('pause_schedule', 'operate', $$select meshhook.pause_schedule(%1$L, 'nightly')$$),
  ('resume_schedule', 'operate', $$select meshhook.resume_schedule(%1$L, 'nightly')$$),
  ('requests_after', 'view', $$select meshhook.requests_after(%2$L)$$),
  ('search_requests', 'view', $$select meshhook.search_requests(%1$L)$$),
  ('set_var', 'edit', $$select meshhook.set_var(%1$L, 'a', '1')$$),
  ('explain_request', 'view', $$select meshhook.explain_request(%6$L)$$),
  ('reevaluate', 'operate', $$select meshhook.reevaluate(%6$L)$$),
  ('replay_request', 'operate', $$select meshhook.replay_request(%6$L, true)$$),
  ('cancel', 'operate', $$select meshhook.cancel(%3$L)$$),
  ('pause', 'operate', $$select meshhook.pause(%3$L)$$),
  ('resume', 'operate', $$select meshhook.resume(%4$L)$$),
  ('retry', 'operate', $$select meshhook.retry(%5$L)$$),
  ('skip_step', 'operate', $$select meshhook.skip_step(%3$L, 'a')$$),
  ('dismiss', 'operate', $$select meshhook.dismiss(%5$L, 'done')$$),
  ('signal', 'operate', $$select meshhook.signal(%1$L, 'go')$$),
  ('approval_links', 'operate', $$select meshhook.approval_links(%7$L)$$),
  ('rerun', 'operate', $$select meshhook.rerun(%5$L)$$),
  ('retry_all', 'operate', $$select meshhook.retry_all(%1$L)$$),
  ('rerun_all', 'operate', $$select meshhook.rerun_all(%1$L)$$),
  ('dismiss_all', 'operate', $$select meshhook.dismiss_all(%1$L, 'done')$$),
  ('pause_all', 'operate', $$select meshhook.pause_all(%1$L)$$),
  ('resume_all', 'operate', $$select meshhook.resume_all(%1$L)$$),
  ('cancel_all', 'operate', $$select meshhook.cancel_all(%1$L)$$);
create temp table matrix as
  select v.verb, p.project, r.role, format(v.statement, p.project, d.id, o.running, o.paused, o.failed, q.id, o.asking) as statement,
    case when p.project = 'other-test' or r.role = 'stranger' then 'MH404'
         when v.needs = any (meshhook_engine.role_rights(r.role)) then 'ok' else 'MH403' end as expected
  from verbs v, unnest(array['own-test', 'other-test']) p (project), unnest(array['stranger', 'viewer', 'operator', 'editor', 'admin', 'owner']) r (role), doors d, stood o, refused q
  where d.project = p.project and o.project = p.project and q.project = p.project;
create function pg_temp.outcome(statement text, sub text) returns text language plpgsql as $$
declare v text := 'ok';
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', sub)::text, true);
  begin
    set local session authorization mh_t_api;
    set local role meshhook_user;
    execute statement;
    raise exception 'done' using errcode = 'MH999';
  exception when others then
    v := case sqlstate when 'MH999' then 'ok' else sqlstate end;
  end;
  return v;
end $$;
select plan((select count(*)::int from matrix) + 12);
select is(pg_temp.outcome(statement, 't-' || role), expected, format('%s by %s in %s', verb, role, project)) from matrix order by verb, project, role;
select is(pg_temp.outcome('select meshhook.create_project(''mine-test'')', 't-owner'), 'MH403', 'projects are made by operators');
insert into meshhook.settings (name, value) values ('open_projects', 'true') on conflict (name) do update set value = 'true';
select is(pg_temp.outcome('select meshhook.create_project(''mine-test''), meshhook.set_var(''mine-test'', ''a'', ''1'')', 'somebody'), 'ok', 'or by anybody, who then owns it');
select is(pg_temp.outcome('select meshhook.create_project(''mine-test'')', null), 'MH403', 'but not by nobody');
-- What people can reach without verbs.
select is(pg_temp.outcome(statement, 't-owner'), '42501', statement) from unnest(array[
  'insert into meshhook.workflows (project_id, name) values (1, ''x'')', 'delete from meshhook.projects', 'update meshhook.members set role = ''owner''',
  'select sealed from meshhook.secrets', 'select token from meshhook.endpoints', 'select meshhook_engine.register(''a'', ''b'')', 'select * from meshhook.trusted_sessions',
  'select meshhook_engine.my_projects()', 'select * from meshhook.settings']) statement;
select * from finish();
rollback;
