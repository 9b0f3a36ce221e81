-- Roles and schemas: what migrations stand on. Applied before them, on every start, under the installation's
-- advisory lock; changes nothing the second time. The login needs no superuser: owning the database and CREATEROLE
-- are enough. Roles belong to the whole cluster, so another database of it may be doing the same at this moment.
-- No passwords: an operator gives them to meshhook_api and meshhook_worker, or lets peers in by pg_hba.conf.

do $$
declare
  v_role  record;
  v_16    constant boolean := current_setting('server_version_num')::int >= 160000;
  v_super constant boolean := (select rolsuper from pg_catalog.pg_roles where rolname = current_user);
begin
  if current_setting('server_version_num')::int < 150000 then
    raise exception using errcode = 'MH500', message = 'MH_SERVER_TOO_OLD: MeshHook needs PostgreSQL 15 or newer',
      hint = 'this server is ' || current_setting('server_version');
  end if;

  for v_role in
    select * from (values
      ('meshhook_owner',  'nologin'),            -- owns schemas and tables
      ('meshhook_engine', 'nologin'),            -- owns the functions that move runs
      ('meshhook_user',   'nologin'),            -- people: target of the project policies
      ('meshhook_admin',  'nologin'),            -- operators: across projects
      ('meshhook_api',    'login noinherit'),    -- the HTTP API: set local role, a transaction at a time
      ('meshhook_worker', 'login')               -- queue tables and engine functions
    ) as r (name, attributes)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = v_role.name) then
      begin
        execute format('create role %I %s', v_role.name, v_role.attributes);
      exception
        when duplicate_object or unique_violation then null;  -- another database was faster
        when insufficient_privilege then
          raise exception using errcode = 'MH403',
            message = format('MH_ROLE_MISSING: %s may not create role %s', current_user, v_role.name),
            hint = format('As a superuser: alter role %I createrole', current_user);
      end;
    end if;
  end loop;

  -- The login acts as the owner and as the engine, and gives the API what the API may become.
  if not v_super then
    for v_role in select unnest(array['meshhook_owner', 'meshhook_engine']) as name loop
      if not (pg_has_role(v_role.name, 'usage') and pg_has_role(v_role.name, case when v_16 then 'set' else 'member' end)) then
        begin
          execute format('grant %I to %I', v_role.name, current_user)
            || case when v_16 then ' with inherit true, set true' else '' end;
        exception when duplicate_object or unique_violation or internal_error or insufficient_privilege then null;  -- judged below
        end;
      end if;
      if not (pg_has_role(v_role.name, 'usage') and pg_has_role(v_role.name, case when v_16 then 'set' else 'member' end)) then
        raise exception using errcode = 'MH403',
          message = format('MH_ROLE_NOT_GRANTED: %s can not act as role %s', current_user, v_role.name),
          hint = format('As a superuser: alter role %1$I inherit; grant meshhook_owner, meshhook_engine, meshhook_user, meshhook_admin to %1$I with admin option', current_user);
      end if;
    end loop;
  end if;
  for v_role in select unnest(array['meshhook_user', 'meshhook_admin']) as name loop
    if not pg_has_role('meshhook_api', v_role.name, 'member') then
      begin
        execute format('grant %I to meshhook_api', v_role.name);
      exception when duplicate_object or unique_violation or internal_error then
        if not pg_has_role('meshhook_api', v_role.name, 'member') then
          raise;
        end if;
      end;
    end if;
  end loop;

  for v_role in select unnest(array['meshhook_api', 'meshhook_worker']) as name loop
    if not has_database_privilege(v_role.name, current_database(), 'connect') then
      execute format('grant connect on database %I to %I', current_database(), v_role.name);
    end if;
  end loop;
end $$;

create schema if not exists meshhook        authorization meshhook_owner;
create schema if not exists meshhook_expr   authorization meshhook_owner;
create schema if not exists meshhook_engine authorization meshhook_owner;
create schema if not exists meshhook_river  authorization meshhook_owner;
comment on schema meshhook        is 'MeshHook: the tables, the views people read and the functions they call.';
comment on schema meshhook_expr   is 'MeshHook: the expression language, pure functions only.';
comment on schema meshhook_engine is 'MeshHook: the state machine and what servers call.';
comment on schema meshhook_river  is 'MeshHook: the job queue''s own tables.';

-- Functions are executable by PUBLIC unless somebody says otherwise: say so once, for all that will be made.
alter default privileges for role meshhook_owner  revoke execute on functions from public;
alter default privileges for role meshhook_engine revoke execute on functions from public;
revoke all on schema meshhook, meshhook_expr, meshhook_engine, meshhook_river from public;

-- The engine makes its own functions, and reads and writes every table; policies decide which rows.
grant usage, create on schema meshhook, meshhook_engine to meshhook_engine;
grant usage on schema meshhook_expr, meshhook_river to meshhook_engine;
alter default privileges for role meshhook_owner in schema meshhook
  grant select, insert, update, delete on tables to meshhook_engine;
alter default privileges for role meshhook_owner in schema meshhook
  grant usage on sequences to meshhook_engine;
