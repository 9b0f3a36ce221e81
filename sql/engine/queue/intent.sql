-- The request of an open call: out of the effects at hand when it was scheduled just now, else from the log.
-- Called by: place, begin.
create or replace function meshhook_engine.intent(p_run uuid, p_step text, p_seq int, p_effects jsonb) returns jsonb
language plpgsql stable as $$
begin
  for k in 0 .. coalesce(jsonb_array_length(p_effects), 0) - 1 loop
    if p_effects -> k ->> 'type' = 'call.scheduled' and p_effects -> k ->> 'step' = p_step then
      return p_effects -> k -> 'data';
    end if;
  end loop;
  return (select f.data from meshhook_engine.facts(p_run, array[p_seq]) f);
end $$;
