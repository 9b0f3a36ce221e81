-- Whether the login is a superuser or the owner of this database: an operator of everything in it.
-- Called by: principal.
create or replace function meshhook_engine.is_owner_session() returns boolean
language sql stable parallel safe security definer set search_path = '' as $$
  select exists (
    select from pg_catalog.pg_roles r
    where r.rolname = session_user
      and (r.rolsuper or exists (
        select from pg_catalog.pg_database d where d.datname = pg_catalog.current_database() and d.datdba = r.oid)))
$$;
