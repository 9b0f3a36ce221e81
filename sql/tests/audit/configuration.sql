-- Changes of configuration are written down, whoever makes them and however; nothing that is secret is.
begin;
select plan(24);
select meshhook.create_project('audit-test', 'A');
create temp table it as select id from meshhook.projects where slug = 'audit-test';
create function pg_temp.last() returns meshhook.audit_trail language sql as $$ select t from meshhook.audit_trail t order by t.id desc limit 1 $$;
create function pg_temp.trail(p text) returns text language sql as $$
  select string_agg(t.action || ' ' || t.target, ', ' order by t.id) from meshhook.audit_trail t where t.project = 'audit-test' and t.action like p $$;
select is(pg_temp.trail('project.%'), 'project.created audit-test', 'a project');
select is((select concat_ws(' ', actor, login, role) from pg_temp.last()), 'operator ' || session_user || ' ' || session_user, 'by whom');

select meshhook.set_var('audit-test', 'limit', '3');
select is((select detail #> '{new,value}' from pg_temp.last()), '3', 'a variable that is new');
select meshhook.set_var('audit-test', 'limit', '4');
select is((select detail from pg_temp.last()), '{"old": {"value": 3}, "new": {"value": 4}}', 'old and new of what changed, and nothing else');
update meshhook.vars set value = '5' where project_id = (select id from it);
select is((select concat_ws(' ', action, detail #>> '{new,value}') from pg_temp.last()), 'var.changed 5', 'by psql as well');
update meshhook.vars set value = '5', updated_at = now() + interval '1 s' where project_id = (select id from it);
select is(pg_temp.trail('var.%'), 'var.created limit, var.changed limit, var.changed limit', 'a change that changes nothing is none');
select meshhook.set_var('audit-test', 'limit', to_jsonb(repeat('x', 9000)));
select is((select detail #> '{new,value}' from pg_temp.last()), '{"bytes": 9002}', 'of a large value its size');
select meshhook.set_var('audit-test', 'limit', null);
select is((select concat_ws(' ', action, target) from pg_temp.last()), 'var.deleted limit', 'a variable that goes');

select meshhook.publish('audit-test', 'flow', '{"apiVersion": "meshhook/v1", "name": "flow", "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}', 'first');
select is(pg_temp.trail('version.%'), 'version.created flow v1', 'a version');
select is((select detail -> 'new' ?| array['definition', 'compiled', 'nodes'] from meshhook.audit_trail where action = 'version.created' and project = 'audit-test'), false, 'without its definition');
select is((select detail #>> '{new,live_version}' from pg_temp.last()), '1', 'which went live');
select meshhook.disable('audit-test', 'flow');
select is((select detail from pg_temp.last()), '{"old": {"enabled": true}, "new": {"enabled": false}}', 'and was disabled');

select e.id from meshhook.create_endpoint('audit-test', 'flow') e;
select is(pg_temp.trail('endpoint%'), 'endpoint.created flow, endpoint_workflow.created flow', 'an endpoint');
select is((select count(*) from meshhook.audit_trail t, meshhook.endpoints e where t.project = 'audit-test' and t.detail::text like '%' || e.token || '%'), 0::bigint, 'without its token');
select meshhook.rotate_endpoint_token(e.id) from meshhook.endpoints e where e.project_id = (select id from it);
select is((select detail -> 'hidden' from pg_temp.last()), '["token"]', 'that it changed is told');

insert into meshhook.key_ring (id, project_id, kek_id, wrapped) select '00000000-0000-7000-8000-000000000001', id, 'k', 'the wrapped key' from it;
insert into meshhook.secrets (project_id, name, key_id, sealed) select id, 'erp', '00000000-0000-7000-8000-000000000001', 'the sealed value' from it;
update meshhook.secrets set sealed = 'another value' where project_id = (select id from it);
select is((select concat_ws(' ', action, target, detail -> 'hidden') from pg_temp.last()), 'secret.changed erp ["sealed"]', 'a secret');
select is((select count(*) from meshhook.audit_log where detail::text ~ encode('the sealed value', 'hex') or detail::text ~ encode('another value', 'hex')
  or detail::text ~ encode('the wrapped key', 'hex') or detail -> 'new' ?| array['sealed', 'wrapped']), 0::bigint, 'never its value');

insert into meshhook.members (project_id, principal, role) select id, 'ann', 'viewer' from it;
update meshhook.members set role = 'owner' where project_id = (select id from it) and principal = 'ann';
select is((select detail from pg_temp.last()), '{"old": {"role": "viewer"}, "new": {"role": "owner"}}', 'a role');
insert into meshhook.trusted_sessions (role_name) values ('mh_t_server');
select is((select concat_ws(' ', coalesce(project, 'none'), action, target) from pg_temp.last()), 'none trusted_session.created mh_t_server', 'what concerns the whole installation belongs to no project');

create temp table before as select count(*) as n from meshhook.audit_trail where project = 'audit-test';
delete from meshhook.projects where slug = 'audit-test';
select cmp_ok((select count(*) from meshhook.audit_trail where project = 'audit-test'), '>', (select n + 5 from before), 'a project that goes leaves its trail, and what went with it is there');
select is(pg_temp.trail('project.%'), 'project.created audit-test, project.deleted audit-test', 'its own end too');

select throws_like('update meshhook.audit_log set actor = null', 'MH_LOG_APPEND_ONLY: %', 'no update');
select throws_like('delete from meshhook.audit_log', 'MH_LOG_APPEND_ONLY: %', 'no delete');
select throws_like('truncate meshhook.audit_log', 'MH_LOG_APPEND_ONLY: %', 'no truncate');
select * from finish();
rollback;
