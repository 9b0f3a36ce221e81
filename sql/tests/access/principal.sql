-- Who is asking: operators, logins, and those whom a trusted server speaks for.
begin;
select plan(16);
create role mh_t_plain login; create role mh_t_server login noinherit; create role mh_t_admin login; create role mh_t_kept login noinherit; create role operator login;
grant meshhook_user to mh_t_plain, mh_t_server, operator;
grant meshhook_admin to mh_t_admin, mh_t_server, mh_t_kept;
grant usage on schema meshhook to mh_t_plain, mh_t_server, mh_t_kept, operator;
grant execute on function meshhook.principal() to mh_t_plain, mh_t_server, mh_t_kept, operator;
insert into meshhook.trusted_sessions (role_name) values ('mh_t_server');
create function pg_temp.as_login(login text, claims text default '', role text default 'none') returns text language plpgsql as $$
declare v text;
begin
  perform set_config('request.jwt.claims', claims, true);
  execute format('set local session authorization %I', login);
  execute format('set local role %I', role);
  v := meshhook.principal();
  reset session authorization;
  reset role;
  return v;
exception when others then
  reset session authorization; reset role;
  raise;
end $$;
select is(meshhook.principal(), 'operator', 'a superuser');
select is(pg_temp.as_login('mh_t_plain'), 'mh_t_plain', 'a login is itself');
select is(pg_temp.as_login('mh_t_plain', '{"sub": "alice"}'), 'mh_t_plain', 'whatever it claims');
select is(pg_temp.as_login('mh_t_plain', '{"sub": "operator", "role": "service_role"}'), 'mh_t_plain', 'and however');
select is(pg_temp.as_login('operator'), null, 'the word for operators is nobody''s login');
select is(pg_temp.as_login('mh_t_admin'), 'operator', 'a member of meshhook_admin');
select is(pg_temp.as_login('mh_t_kept'), 'operator', 'a member that has to take the role on');
select is(pg_temp.as_login('mh_t_server', '{"sub": "alice"}'), 'alice', 'a trusted server speaks for alice');
select is(pg_temp.as_login('mh_t_server', '{"sub": "alice"}', 'meshhook_user'), 'alice', 'in her role');
select is(pg_temp.as_login('mh_t_server', '{"sub": "operator"}', 'meshhook_user'), null, 'for nobody called operator');
select is(pg_temp.as_login('mh_t_server', '{}', 'meshhook_user'), null, 'without a sub for nobody');
select is(pg_temp.as_login('mh_t_server'), null, 'though it could become an operator');
select is(pg_temp.as_login('mh_t_server', '{"sub": "alice"}', 'meshhook_admin'), 'operator', 'when it does, it is one');
select throws_ok($$select pg_temp.as_login('mh_t_server', 'broken')$$, '22P02', null, 'broken claims are an error');
select set_config('request.jwt.claims', '{"sub": "alice"}', true);
select is(meshhook.principal(), 'operator', 'a superuser is not spoken for');
insert into meshhook.trusted_sessions (role_name) values (session_user);
select is(meshhook.principal(), 'alice', 'unless trusted to');
select * from finish();
rollback;
