-- What a name of a signal looks like. Called by: define_wait, signal.
create or replace function meshhook_engine.signal_name() returns text
language sql immutable parallel safe
return '^[a-z][a-z0-9_.-]{0,62}$';
