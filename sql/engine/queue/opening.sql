-- The change that makes a new run. Called by: accept, new_run.
create or replace function meshhook_engine.opening(
  p_id uuid, p_project int, p_workflow int, p_version int, p_trigger text, p_request uuid, p_business_key text,
  p_deadline timestamptz, p_decision meshhook_engine.decision, p_placement meshhook_engine.placement, p_started jsonb)
returns meshhook_engine.change
language plpgsql immutable as $$
begin
  return row(
    p_id, true, p_project, p_workflow, p_version, p_trigger, p_request, p_business_key, p_deadline, 0,
    case when p_decision.status = 'running' and p_placement.jobs is null then 'waiting' else p_decision.status end,
    p_decision.frontier, p_placement.jobs, p_decision.output, p_decision.error,
    row('run.started', null, null, p_started, meshhook_engine.digest(p_started))::meshhook_engine.fact || p_decision.effects,
    p_placement.waits, false, p_placement.new_job, p_placement.free_job, p_placement.drop_jobs,
    null, null)::meshhook_engine.change;
end $$;
