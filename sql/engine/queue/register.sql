-- A process says that it is there; its id names it in queue rows and leases.
-- It then holds the advisory lock (1835362152, id) on a session of its own for as long as it lives.
-- Called by: the worker and the door, at start.
create or replace function meshhook_engine.register(p_name text, p_version text) returns int
language sql volatile security definer set search_path = '' as $$
  insert into meshhook.processes (name, version) values (p_name, p_version) returning id;
$$;
