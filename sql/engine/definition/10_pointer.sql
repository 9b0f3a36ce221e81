-- A JSON pointer one level deeper (RFC 6901: ~ and / in the key are escaped).
-- Called by: everything that reports a problem.
create or replace function meshhook_engine.pointer(p_path text, p_key text) returns text
language sql immutable parallel safe
return p_path || '/' || replace(replace(p_key, '~', '~0'), '/', '~1');
