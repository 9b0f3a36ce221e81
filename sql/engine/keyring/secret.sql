-- A project's secret as it is kept, sealed by the data key named; no row when there is none. Takes no lock.
-- Called by: the worker, when a call names the secret.
create or replace function meshhook_engine.secret(p_project int, p_name text) returns table (version int, key_id uuid, sealed bytea)
language sql stable security definer set search_path = '' as $$
  select s.version, s.key_id, s.sealed from meshhook.secrets s where s.project_id = p_project and s.name = p_name;
$$;
