-- Who is written down when a server speaks for somebody, and who may read.
begin;
select plan(7);
create role mh_t_api login noinherit;
grant meshhook_user to mh_t_api;
insert into meshhook.trusted_sessions (role_name) values ('mh_t_api');
select meshhook.create_project('own-test'), meshhook.create_project('other-test');
insert into meshhook.members (project_id, principal, role) select id, 'ann', 'editor' from meshhook.projects where slug = 'own-test';
create function pg_temp.as(sub text, statement text) returns text language plpgsql as $$
declare v text;
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', sub)::text, true);
  begin
    set local session authorization mh_t_api;
    set local role meshhook_user;
    execute statement into v;
    reset session authorization;
    reset role;
  exception when others then
    v := sqlstate;
  end;
  return v;
end $$;
select pg_temp.as('ann', $$select meshhook.set_var('own-test', 'a', '1')$$);
select is((select concat_ws(' ', actor, login, role) from meshhook.audit_trail order by id desc limit 1), 'ann mh_t_api meshhook_user', 'the person, the server, its role');
select is(pg_temp.as('ann', 'select string_agg(distinct project, '','') from meshhook.audit_trail'), 'own-test', 'a member reads of its project');
select is(pg_temp.as('bob', 'select count(*) from meshhook.audit_trail'), '0', 'a stranger reads nothing');
select is(pg_temp.as('ann', 'insert into meshhook.audit_log (at, login, role, action) values (now(), ''a'', ''a'', ''a'')'), '42501', 'nobody writes by hand');
select is(pg_temp.as('ann', 'select meshhook_engine.audit(1, ''a'', ''a'', null)'), '42501', 'nor by the function that does');
set local role meshhook_engine;
select throws_ok('delete from meshhook.audit_log', '42501', null, 'not even the engine may delete');
reset role;
select is_empty($$select c.oid::regclass from pg_class c join pg_trigger t on t.tgrelid = c.oid where t.tgname = 'audit_changes'
  and c.relname in ('runs', 'events', 'payloads', 'waits', 'requests', 'processes')$$, 'what traffic writes has no such trigger');
select * from finish();
rollback;
