-- The request of an open call: out of the facts at hand when it was scheduled just now, else from the log.
-- Called by: place, begin.
create or replace function meshhook_engine.intent(p_run uuid, p_step text, p_seq int, p_facts meshhook_engine.fact[]) returns jsonb
language plpgsql stable as $$
begin
  for k in reverse coalesce(cardinality(p_facts), 0) .. 1 loop
    if p_facts[k].type = 'call.scheduled' and p_facts[k].step = p_step then
      return p_facts[k].data;
    end if;
  end loop;
  return (select f.data from meshhook_engine.facts(p_run, array[p_seq]) f);
end $$;
