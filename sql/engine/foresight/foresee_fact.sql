-- What an open step meets when its time has come: an answer, or its timer.
-- Called by: foresee.
create or replace function meshhook_engine.foresee_fact(
  p_nodes meshhook_engine.node[], p_step text, p_open jsonb, p_intent jsonb, p_answers jsonb, p_default jsonb)
returns meshhook_engine.fact
language plpgsql stable as $$
declare
  v_answer jsonb;
begin
  if not p_open ? 'a' then
    return row('timer.fired', p_step, null, jsonb_build_object('due', p_open -> 'due'), null)::meshhook_engine.fact;
  end if;
  v_answer := meshhook_engine.foresee_answer(p_open, p_intent, p_answers, p_default);
  return row('call.attempted', p_step, (p_open -> 'a')::int2, coalesce(v_answer -> 'recorded', meshhook_engine.attempted(
    p_nodes[(p_open -> 'i')::int].spec, v_answer || jsonb_build_object('url', p_intent -> 'url'),
    case when v_answer ? 'text' then convert_to(v_answer ->> 'text', 'UTF8') else decode(v_answer ->> 'base64', 'base64') end)), null)::meshhook_engine.fact;
end $$;
