-- Rows: members see their project in every table and view, and nothing of another's.
begin;
create role mh_t_api login noinherit;
grant meshhook_user to mh_t_api;
insert into meshhook.trusted_sessions (role_name) values ('mh_t_api');
select meshhook.create_project(p), meshhook.set_var(p, 'a', '1'),
  meshhook.publish(p, 'flow', '{"apiVersion": "meshhook/v1", "name": "flow", "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}')
from unnest(array['own-test', 'other-test']) p;
select e.id from unnest(array['own-test', 'other-test']) p, meshhook.create_endpoint(p, 'flow') e;
select meshhook.publish(p, 'one', '{"apiVersion": "meshhook/v1", "name": "one", "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}], "policy": {"concurrency": {"key": "''x''"}}}'), meshhook.start(p, 'one')
from unnest(array['own-test', 'other-test']) p;
select meshhook.trip_breaker(p, 'erp'), meshhook.set_limit(p, 'calls', 'erp', 1, '1s') from unnest(array['own-test', 'other-test']) p;
insert into meshhook.members (project_id, principal, role)
  select p.id, u, r from meshhook.projects p join (values ('own-test', 't-viewer', 'viewer'), ('own-test', 't-editor', 'editor'), ('other-test', 't-else', 'owner')) m (slug, u, r) on m.slug = p.slug;
select meshhook.add_schedule(p, 'flow', 'nightly', '@daily'), meshhook.put_watch('pg_proc', p, 'flow', '{insert}', null, null, 1) from unnest(array['own-test', 'other-test']) p;
insert into meshhook.watched_changes (project_id, watch_id, tx, change) select project_id, id, pg_current_xact_id(), '{}' from meshhook.watched_tables;
insert into meshhook.schedule_runs (project_id, schedule_id, due_at, at, outcome) select project_id, id, now(), now(), 'skipped' from meshhook.schedules;
select meshhook.publish(p, 'bad', '{"apiVersion": "meshhook/v1", "name": "bad", "nodes": {"a": {"type": "transform", "with": {"expr": "abs(trigger)"}}}, "edges": [{"from": "trigger", "to": "a"}]}'), meshhook.start(p, 'bad')
from unnest(array['own-test', 'other-test']) p;
create table meshhook.requests_rows_test partition of meshhook.requests for values from ('00000000-0000-0000-0000-000000000000') to ('00000000-0000-0000-0000-0000000000ff');
insert into meshhook.requests (id, received_at, project_id, verdict, endpoint_id, method, path, headers)
  select ('00000000-0000-0000-0000-00000000000' || row_number() over ())::uuid, now(), e.project_id, 'accepted', e.id, 'POST', '/hooks/' || e.token, '{}'
  from meshhook.endpoints e join meshhook.projects p on p.id = e.project_id where p.slug in ('own-test', 'other-test');
create function pg_temp.see(sub text, query text) returns text[] language plpgsql as $$
declare v text[];
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', sub)::text, true);
  set local session authorization mh_t_api;
  set local role meshhook_user;
  execute format('select array_agg(x::text order by x) from (%s) q (x)', query) into v;
  reset session authorization;
  reset role;
  return v;
end $$;
select plan(32);
select is(pg_temp.see('t-viewer', 'select slug from meshhook.projects'), '{own-test}', 'projects');
select is(pg_temp.see('t-viewer', 'select principal from meshhook.members'), '{t-editor,t-viewer}', 'members');
select is(pg_temp.see('t-viewer', 'select name from meshhook.vars'), '{a}', 'vars');
select is(pg_temp.see('t-viewer', 'select distinct project from meshhook.workflow_list'), '{own-test}', 'workflow_list');
select is(pg_temp.see('t-viewer', 'select distinct project from meshhook.version_list'), '{own-test}', 'version_list');
select is(pg_temp.see('t-viewer', 'select project from meshhook.endpoint_list'), '{own-test}', 'endpoint_list');
select is(pg_temp.see('t-viewer', 'select project from meshhook.request_log'), '{own-test}', 'request_log');
select is(pg_temp.see('t-viewer', 'select project from meshhook.dead_letters'), '{own-test}', 'dead_letters');
select is(pg_temp.see('t-viewer', 'select project from meshhook.dead_letter_groups'), '{own-test}', 'dead_letter_groups');
select is(pg_temp.see('t-viewer', 'select distinct project from meshhook.audit_trail'), '{own-test}', 'audit_trail');
select is(pg_temp.see('t-viewer', 'select project from meshhook.schedule_list'), '{own-test}', 'schedule_list');
select is(pg_temp.see('t-viewer', 'select project from meshhook.watch_list'), '{own-test}', 'watch_list');
select is(pg_temp.see('t-viewer', 'select p.slug from meshhook.watched_changes k join meshhook.projects p on p.id = k.project_id'), '{own-test}', 'watched_changes');
select is(pg_temp.see('t-viewer', 'select p.slug from meshhook.schedule_runs k join meshhook.projects p on p.id = k.project_id'), '{own-test}', 'schedule_runs');
select is(pg_temp.see('t-viewer', 'select project from meshhook.breaker_state'), '{own-test}', 'breaker_state');
select is(pg_temp.see('t-viewer', 'select project from meshhook.limit_list'), '{own-test}', 'limit_list');
select meshhook.signal(p, 'go'), meshhook.publish(p, 'asks', '{"apiVersion": "meshhook/v1", "name": "asks", "nodes": {"a": {"type": "wait", "with": {"approval": {"title": "?"}}}}, "edges": [{"from": "trigger", "to": "a"}]}')
from unnest(array['own-test', 'other-test']) p;
select l.step from unnest(array['own-test', 'other-test']) p, lateral (select meshhook.start(p, 'asks') as run) r, meshhook.approval_links(r.run) l;
select is(pg_temp.see('t-viewer', 'select project || links from meshhook.open_approvals'), '{own-test1}', 'open_approvals');
select is(pg_temp.see('t-viewer', 'select count(*) from meshhook.signals'), '{1}', 'signals');
select is(pg_temp.see('t-viewer', 'select count(run_id) from meshhook.approval_links'), '{1}', 'approval_links');
select throws_ok($$select pg_temp.see('t-viewer', 'select token_sha256 from meshhook.approval_links')$$, '42501', null, 'not the hash of a token');
select is(pg_temp.see('t-viewer', 'select distinct project from meshhook.slot_list'), '{own-test}', 'slot_list');
select is(pg_temp.see('t-viewer', 'select coalesce(path, ''hidden'') from meshhook.endpoint_list'), '{hidden}', 'a viewer is not shown where to send');
select matches((pg_temp.see('t-editor', 'select path from meshhook.endpoint_list'))[1], '^/hooks/[a-z2-7]{26}$', 'an editor is');
insert into meshhook.verify_presets (project_id, name, recipe) select id, 'own', '{"kind": "bearer"}' from meshhook.projects where slug in ('own-test', 'other-test');
select is(pg_temp.see('t-viewer', 'select p.slug from meshhook.verify_presets v join meshhook.projects p on p.id = v.project_id'), '{own-test}', 'verify_presets of the project');
select ok(pg_temp.see('t-viewer', 'select name from meshhook.verify_presets') @> '{github,own}', 'and those of all');
insert into meshhook.reevaluations (project_id, request_id, requested_at) select project_id, id, now() from meshhook.requests;
select is(pg_temp.see('t-viewer', 'select project from meshhook.reevaluation_list'), '{own-test}', 'reevaluation_list');
select is(pg_temp.see('stranger', 'select project_id from meshhook.verify_presets where project_id is not null'), null, 'a stranger sees no project''s presets');
select is(pg_temp.see('stranger', 'select slug from meshhook.projects'), null, 'a stranger sees nothing');
select is(pg_temp.see(null, 'select slug from meshhook.projects'), null, 'nor does nobody');
select is(pg_temp.see('t-else', 'select project from meshhook.request_log'), '{other-test}', 'the others see theirs');
select cmp_ok((select count(*) from meshhook.workflow_list), '>=', 2::bigint, 'an operator sees all');
select meshhook_engine.count_rejections(array_agg(id), array_agg('MH_SECRET_NONE'::text), array_agg(3::bigint)) from meshhook.endpoints;
select is(pg_temp.see('t-viewer', 'select distinct project from meshhook.rejection_list'), '{own-test}', 'rejection_list');
select * from finish();
rollback;
