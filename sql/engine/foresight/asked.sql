-- What an open step asks of the world, so that a recorded answer is given to the same question only: of a call the hash of its
-- request, of a wait the signal and key or the approval, of a called run its workflow and input. p_data is the event that opened it.
-- Called by: foresee, foresee_time, foresee_answer, recording_of.
create or replace function meshhook_engine.asked(p_data jsonb) returns jsonb
language plpgsql immutable as $$
begin
  return coalesce(p_data -> 'hash', p_data - '{due,until,run}'::text[]);
end $$;
