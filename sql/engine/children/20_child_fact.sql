-- How a called run ended, as the fact that the caller's log holds. Called by: call_child.
create or replace function meshhook_engine.child_fact(
  p_step text, p_run uuid, p_workflow text, p_status text, p_output jsonb, p_error jsonb) returns meshhook_engine.fact
language plpgsql immutable as $$
declare
  v_data jsonb := jsonb_build_object('run', p_run, 'workflow', p_workflow, 'status', p_status);
begin
  v_data := v_data || case
    when p_status in ('failed', 'canceled') then jsonb_build_object('error', jsonb_build_object(
      'code', case p_status when 'failed' then 'MH_CHILD_FAILED' else 'MH_CHILD_CANCELED' end,
      'message', format('Run %s of %s %s: %s', p_run, p_workflow, case p_status when 'failed' then 'failed' else 'was canceled' end, p_error ->> 'message'),
      'run', p_run, 'cause', p_error))
    else jsonb_build_object('output', coalesce(p_output, 'null')) end;
  return row('child.finished', p_step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact;
end $$;
