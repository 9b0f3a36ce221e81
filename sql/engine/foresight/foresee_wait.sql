-- When a step that waits for a signal, an approval or a called run goes on: {at, seq, met}. Without met it is the timeout. A recording that does
-- not tell whether it came leaves it open; without a mock nothing comes.
-- Called by: foresee_time.
create or replace function meshhook_engine.foresee_wait(
  p_open jsonb, p_intent jsonb, p_answers jsonb, p_since timestamptz, p_recorded boolean) returns jsonb
language plpgsql stable as $$
declare
  v_answer jsonb := p_answers -> 0;
  v_due    timestamptz := to_timestamp((p_open -> 'due')::numeric / 1000);
  v_at     timestamptz;
begin
  if p_recorded then
    if v_answer -> 'hash' is distinct from meshhook_engine.asked(p_intent) then
      return '{}';
    elsif not v_answer ? 'due' then
      v_at := (v_answer ->> 'at')::timestamptz;
    elsif v_answer -> 'due' = p_open -> 'due' then
      return v_answer - 'due';
    elsif not v_due <= (v_answer ->> 'at')::timestamptz then
      return '{}';  -- it did not come in the time it had then; this one would have longer
    end if;
  elsif v_answer ? 'value' or p_intent -> 'wait' = 'false' then
    v_at := p_since + make_interval(secs => coalesce((v_answer -> 'takes_ms')::float8, 0) / 1000);
  end if;
  if v_at <= coalesce(v_due, 'infinity') then
    return jsonb_build_object('at', v_at, 'seq', v_answer -> 'seq', 'met', true);
  end if;
  return jsonb_build_object('at', v_due);
end $$;
