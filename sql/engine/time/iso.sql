-- One text for a moment, whatever the session's time zone: 2026-03-01T12:00:00.123456Z.
-- PL/pgSQL on purpose: to_char is marked stable, so a SQL function around it would never be inlined and cost ten times as much.
create or replace function meshhook_engine.iso(p_at timestamptz) returns text
language plpgsql immutable parallel safe as $$
begin
  return to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
end $$;
