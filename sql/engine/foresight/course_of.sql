-- The course of a run out of its log: {status, error, output, steps, calls}. steps has those that ran: succeeded or failed, of
-- a branch the ports it took, and those that were still open at its end; calls has the hash of every request that was made. Two
-- runs with the same course did the same. The status of a log without an end is unknown. Called by: meshhook.backtest.
create or replace function meshhook_engine.course_of(p_facts jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_steps jsonb := '{}';
  v_calls jsonb := '{}';
  v_end   jsonb;
  v_fact  jsonb;
  v_step  text;
begin
  for v_fact in select f from jsonb_array_elements(p_facts) f loop
    v_step := v_fact ->> 'step';
    case v_fact ->> 'type'
    when 'segment.decided' then
      v_steps := v_steps || coalesce((
        select jsonb_object_agg(s ->> 'step', case when s ? 'error' then '"failed"'::jsonb when s ? 'ports' then s -> 'ports' else '"succeeded"' end)
        from jsonb_array_elements(v_fact #> '{data,steps}') s), '{}');
    when 'call.scheduled' then
      v_steps := v_steps || jsonb_build_object(v_step, 'open');
      v_calls := v_calls || jsonb_build_object(v_step, v_fact #> '{data,hash}');
    when 'timer.set', 'signal.awaited', 'child.started' then
      v_steps := v_steps || jsonb_build_object(v_step, 'open');
    when 'call.failed' then
      v_steps := v_steps || jsonb_build_object(v_step, 'failed');
    when 'call.attempted', 'retry.scheduled' then
      null;
    else
      if v_fact ->> 'type' in ('run.succeeded', 'run.failed', 'run.canceled') then
        v_end := v_fact;
      end if;
      if v_step <> '*' then  -- not the timer of a start that was put off
        v_steps := v_steps || jsonb_build_object(v_step, 'succeeded');
      end if;
    end case;
  end loop;
  return jsonb_build_object(
    'status', coalesce(substr(v_end ->> 'type', 5), 'unknown'), 'error', v_end #> '{data,error,code}', 'output', v_end #> '{data,output}',
    'steps', v_steps, 'calls', v_calls);
end $$;
