-- A decision and its placement as the change of a run that is there already; p_events is what came in, before the effects.
-- A paused run stays paused, whatever comes in, until it ends or is resumed.
-- Called by: deliver, wake_timers, ended_from_outside, steered.
create or replace function meshhook_engine.change_of(
  p_run meshhook.runs, p_decision meshhook_engine.decision, p_placement meshhook_engine.placement, p_events meshhook_engine.fact[])
returns meshhook_engine.change
language plpgsql immutable as $$
begin
  return row(
    p_run.id, false, p_run.project_id, null, null, null, null, null, null, p_run.seq,
    case when p_decision.status <> 'running' then p_decision.status when p_run.status = 'paused' then 'paused'
         when p_placement.jobs is null then 'waiting' else 'running' end,
    p_decision.frontier, p_placement.jobs, p_decision.output, p_decision.error, p_events || p_decision.effects,
    p_placement.waits, p_run.wake_at is not null, p_placement.new_job, p_placement.free_job, p_placement.drop_jobs,
    p_run.parent_id, meshhook_engine.left_behind(p_run.frontier, p_decision.frontier, p_events[1]))::meshhook_engine.change;
end $$;
