-- One open step as the work that a process does: a call to make, or a timer short enough to sit out.
-- Secrets stand in it as references only. p_request is the recorded intent (data of call.scheduled).
-- Called by: place, begin.
create or replace function meshhook_engine.work_item(
  p_run uuid, p_project int, p_job bigint, p_step text, p_open jsonb, p_node jsonb, p_request jsonb, p_now timestamptz)
returns jsonb
language plpgsql immutable as $$
declare
  v_after bigint := greatest(0, coalesce((p_open -> 'due')::bigint, 0) - (extract(epoch from p_now) * 1000)::bigint);
begin
  if p_request is null then
    return jsonb_build_object('job', p_job, 'run', p_run, 'step', p_step, 'attempt', 0, 'kind', 'timer', 'after_ms', v_after, 'project', p_project);
  end if;
  return jsonb_build_object(
    'job', p_job, 'run', p_run, 'step', p_step, 'attempt', p_open -> 'a', 'kind', 'call', 'after_ms', v_after, 'project', p_project,
    'request', p_request, 'idempotency_key', p_request -> 'idempotency_key',
    'timeout_ms', p_node -> 'timeout_ms', 'connect_ms', p_node -> 'connect_ms', 'response', p_node -> 'response')
    || case when p_node -> 'breaker' <> 'null' then jsonb_build_object('breaker', p_node -> 'breaker') else '{}' end;
end $$;
