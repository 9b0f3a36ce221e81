-- A process whose session was lost, and with it the lock that says it lives, is there again under its old id. Others may have
-- declared it dead meanwhile: then its row is gone and its work was handed on; the attempt fence sorts out what it still
-- delivers. The caller holds the lock again already, so nobody declares it dead a second time.
-- Locks: its row. Notifies nobody. Called by: the worker and the door, after a reconnect.
create or replace function meshhook_engine.rejoin(p_process int, p_name text, p_version text) returns void
language sql volatile security definer set search_path = '' as $$
  insert into meshhook.processes (id, name, version) overriding system value values (p_process, p_name, p_version)
  on conflict (id) do update set seen_at = clock_timestamp();
$$;
