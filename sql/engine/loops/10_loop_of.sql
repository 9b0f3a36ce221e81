-- The loop that an iteration belongs to: a[2].b of a[2].b[7]. Called by: decide, recall_loops.
create or replace function meshhook_engine.loop_of(p_scope text) returns text
language sql immutable parallel safe
return left(p_scope, -length(substring(p_scope from '\[\d+\]$')));
