-- A frontier with nothing open any more: what was open is canceled. A failed run keeps what it was (was), so that a retry can
-- take it up again. Called by: ended_from_outside, refold.
drop function if exists meshhook_engine.closed(jsonb);
create or replace function meshhook_engine.closed(p_frontier jsonb, p_status meshhook.run_status) returns jsonb
language plpgsql immutable as $$
begin
  return (p_frontier - '{open,rest,loops,its}'::text[]) || jsonb_build_object('n', replace(p_frontier ->> 'n', 'o', 'c'))
    || case when p_status = 'failed' then meshhook_engine.left_open(p_frontier -> 'open', null, null) else '{}' end;
end $$;
