-- The answer that the open try of a call has, null when it has none. A recording answers only what was asked then, in the very
-- words. Called by: foresee_time, foresee_fact.
create or replace function meshhook_engine.foresee_answer(p_open jsonb, p_intent jsonb, p_answers jsonb, p_default jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_answer jsonb := p_answers -> ((p_open -> 'a')::int - 1);
begin
  if p_answers is null then
    return coalesce(p_default -> ((p_open -> 'a')::int - 1), p_default -> -1);
  elsif not p_answers -> 0 ? 'recorded' then
    return coalesce(v_answer, p_answers -> -1);
  elsif v_answer -> 'hash' = meshhook_engine.asked(p_intent) then
    return v_answer;
  end if;
  return null;
end $$;
