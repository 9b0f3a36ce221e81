-- The number of the lock that one signal is sent and looked for under: project, name, key. Whoever sends takes it after the runs
-- it has found waiting; whoever looks for an early one only tries it, so nobody waits for it and holds what the other wants.
-- Called by: signal, early_signal.
create or replace function meshhook_engine.signal_lock(p_project int, p_name text, p_key text) returns bigint
language sql immutable parallel safe
return hashtextextended(p_project || ' ' || p_name || ' ' || p_key, 1835362152);
