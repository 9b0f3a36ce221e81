-- What an open step meets when its time has come: an answer, its timer, or (p_met) what it waited for.
-- Called by: foresee.
drop function if exists meshhook_engine.foresee_fact(meshhook_engine.node[], text, jsonb, jsonb, jsonb, jsonb);
create or replace function meshhook_engine.foresee_fact(
  p_nodes meshhook_engine.node[], p_step text, p_open jsonb, p_intent jsonb, p_answers jsonb, p_default jsonb, p_met boolean, p_at timestamptz)
returns meshhook_engine.fact
language plpgsql stable as $$
declare
  v_answer jsonb;
begin
  if p_met then
    v_answer := coalesce(p_answers, p_default) -> 0;
    if p_open ? 'c' then
      return row('child.finished', p_step, null, coalesce(v_answer -> 'recorded', jsonb_build_object(
        'run', p_intent -> 'run', 'workflow', p_intent -> 'workflow') || coalesce(v_answer -> 'value',
        jsonb_build_object('status', 'started', 'output', p_intent -> 'run'))), null)::meshhook_engine.fact;
    end if;
    return row('signal.received', p_step, null, coalesce(v_answer -> 'recorded', case
      when p_intent ? 'approval' then jsonb_build_object('value', (v_answer -> 'value') || jsonb_build_object('at', meshhook_engine.iso(p_at)))
      else jsonb_build_object('signal', p_intent -> 'signal', 'key', p_intent -> 'key', 'value', v_answer -> 'value', 'by', 'mock',
        'sent_at', meshhook_engine.iso(p_at)) end), null)::meshhook_engine.fact;
  elsif not p_open ? 'a' then
    return row('timer.fired', p_step, null, jsonb_build_object('due', p_open -> 'due'), null)::meshhook_engine.fact;
  end if;
  v_answer := meshhook_engine.foresee_answer(p_open, p_intent, p_answers, p_default);
  return row('call.attempted', p_step, (p_open -> 'a')::int2, coalesce(v_answer -> 'recorded', meshhook_engine.attempted(
    p_nodes[(p_open -> 'i')::int].spec, v_answer || jsonb_build_object('url', p_intent -> 'url'),
    case when v_answer ? 'text' then convert_to(v_answer ->> 'text', 'UTF8') else decode(v_answer ->> 'base64', 'base64') end)), null)::meshhook_engine.fact;
end $$;
