-- Milliseconds as the shortest duration that says the same: 300000 is 5m.
-- Called by: check_fields.
create or replace function meshhook_engine.duration_text(p_ms bigint) returns text
language sql immutable parallel safe
return case
  when p_ms % 86400000 = 0 and p_ms > 0 then p_ms / 86400000 || 'd'
  when p_ms % 3600000 = 0 and p_ms > 0 then p_ms / 3600000 || 'h'
  when p_ms % 60000 = 0 and p_ms > 0 then p_ms / 60000 || 'm'
  when p_ms % 1000 = 0 then p_ms / 1000 || 's'
  else p_ms || 'ms' end;
