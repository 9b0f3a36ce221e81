-- When an open step goes on, its place in a recording and the draw there: {at, seq, draw}; at is null when nothing is told of it.
-- p_since is when it was opened; p_recorded: the answers are a recording.
-- Called by: foresee.
drop function if exists meshhook_engine.foresee_time(jsonb, jsonb, jsonb, jsonb);
create or replace function meshhook_engine.foresee_time(
  p_open jsonb, p_intent jsonb, p_answers jsonb, p_default jsonb, p_since timestamptz, p_recorded boolean) returns jsonb
language plpgsql stable as $$
declare
  v_answer jsonb;
begin
  if p_open ? 'a' then
    v_answer := meshhook_engine.foresee_answer(p_open, p_intent, p_answers, p_default);
    if not v_answer ? 'recorded' then
      return jsonb_build_object('at', to_timestamp(
        (coalesce(p_open -> 'due', p_open -> 'since')::numeric + coalesce((v_answer -> 'takes_ms')::numeric, 0)) / 1000));
    end if;
    return jsonb_build_object('at', v_answer -> 'at', 'seq', v_answer -> 'seq', 'draw', v_answer -> 'draw');
  elsif p_open ?| '{s,c}' then
    return meshhook_engine.foresee_wait(p_open, p_intent, coalesce(p_answers, p_default), p_since, p_recorded);
  elsif p_answers #> '{0,due}' = p_open -> 'due' then
    return p_answers -> 0;  -- a timer that was set then too, and fired a little late
  end if;
  return jsonb_build_object('at', to_timestamp((p_open -> 'due')::numeric / 1000));
end $$;
