-- Milliseconds as a person says them: 61 s, 12 min, 30 h, 9 days.
-- Called by: explain_request.
create or replace function meshhook_engine.about_duration(p_ms bigint) returns text
language sql immutable parallel safe
return case
  when p_ms < 180000 then p_ms / 1000 || ' s'
  when p_ms < 7200000 then p_ms / 60000 || ' min'
  when p_ms < 172800000 then p_ms / 3600000 || ' h'
  else p_ms / 86400000 || ' days' end;
