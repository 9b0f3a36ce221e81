-- The output of a step from the event that settled it (and, for a call, the attempt before that event).
-- Must say the same as decide did. Called by: recall_steps, run_steps_of.
create or replace function meshhook_engine.output_of(p_type meshhook.event_type, p_at timestamptz, p_step text, p_data jsonb, p_attempt jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_step jsonb;
begin
  case p_type
  when 'segment.decided' then
    select s into v_step from jsonb_array_elements(p_data -> 'steps') s where s ->> 'step' = p_step;
    return case
      when v_step ? 'error' then jsonb_build_object('error', v_step -> 'error')
      when v_step ? 'ports' then v_step -> 'ports'
      else v_step -> 'output' end;
  when 'call.succeeded' then
    return jsonb_build_object(
      'status', p_attempt -> 'status', 'headers', coalesce(p_attempt -> 'headers', '{}'), 'body', p_attempt -> 'body',
      'attempts', p_data -> 'attempts', 'duration_ms', p_data -> 'duration_ms');
  when 'call.failed' then
    return jsonb_build_object('error', p_data -> 'error');
  when 'run.succeeded', 'run.failed', 'run.canceled' then
    return p_data -> 'output';
  when 'run.continued' then
    return p_data -> 'output';
  when 'signal.received' then
    return p_data -> 'value';
  when 'run.started' then  -- taken along from another run
    return p_data #> array['copied', p_step, 'output'];
  when 'child.finished' then
    return p_data -> 'output';
  when 'timer.fired' then
    return jsonb_build_object('woke_at', meshhook_engine.iso(p_at));
  else
    return null;
  end case;
end $$;
