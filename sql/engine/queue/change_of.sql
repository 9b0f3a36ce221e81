-- A decision and its placement as the change to write. p_run is the run as locked (or as it will be inserted), its frontier
-- and jobs as they were; p_events is what came in, before the decision's effects.
-- Called by: accept, start, deliver, wake, cancel.
create or replace function meshhook_engine.change_of(
  p_run meshhook.runs, p_is_new boolean, p_decision meshhook_engine.decision, p_placement meshhook_engine.placement, p_events jsonb)
returns meshhook_engine.change
language plpgsql immutable as $$
declare
  c meshhook_engine.change;
begin
  c.run_id := p_run.id;
  c.is_new := p_is_new;
  c.project_id := p_run.project_id;
  c.seq := p_run.seq;
  if p_is_new then
    c.workflow_id := p_run.workflow_id;
    c.version_id := p_run.version_id;
    c.trigger := p_run.trigger;
    c.request_id := p_run.request_id;
    c.business_key := p_run.business_key;
    c.parent_id := p_run.parent_id;
    c.origin_id := p_run.origin_id;
    c.deadline_at := p_run.deadline_at;
    c.had_waits := false;
  else
    c.had_waits := p_run.wake_at is not null;
  end if;
  c.frontier := p_decision.frontier;
  c.status := case when p_decision.status = 'running' and p_placement.jobs is null then 'waiting' else p_decision.status end;
  c.jobs := p_placement.jobs;
  c.output := p_decision.output;
  c.error := p_decision.error;
  c.events := p_events || p_decision.effects;
  c.waits := p_placement.waits;
  c.new_job := p_placement.new_job;
  c.free_job := p_placement.free_job;
  c.drop_jobs := p_placement.drop_jobs;
  return c;
end $$;
