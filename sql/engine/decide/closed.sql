-- A frontier with nothing open any more: what was open is canceled. Called by: ended_from_outside, refold.
create or replace function meshhook_engine.closed(p_frontier jsonb) returns jsonb
language plpgsql immutable as $$
begin
  return (p_frontier - 'open' - 'rest') || jsonb_build_object('n', replace(p_frontier ->> 'n', 'o', 'c'));
end $$;
