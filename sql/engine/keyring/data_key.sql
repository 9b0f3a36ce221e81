-- A data key as it is kept: wrapped by the key-encryption key that kek_id names; no row when it is unknown.
-- Only a process that holds that key can use it. Takes no lock.
-- Called by: the worker and the door.
create or replace function meshhook_engine.data_key(p_key uuid) returns table (project int, kek text, wrapped bytea)
language sql stable security definer set search_path = '' as $$
  select k.project_id, k.kek_id, k.wrapped from meshhook.key_ring k where k.id = p_key;
$$;
