-- The change that a verb makes of a run: one event from outside, a status, a frontier. Queue rows and waits stay as they are;
-- rehold looks after them. Called by: pause, resume, retry.
create or replace function meshhook_engine.steered(
  p_run meshhook.runs, p_type meshhook.event_type, p_step text, p_status meshhook.run_status, p_frontier jsonb, p_data jsonb)
returns meshhook_engine.change
language plpgsql immutable as $$
declare
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
begin
  v_decision.status := p_status;
  v_decision.frontier := p_frontier;
  v_decision.effects := '{}';
  v_place.jobs := p_run.jobs;
  p_run.status := p_status;
  return meshhook_engine.change_of(p_run, v_decision, v_place,
    array[row(p_type, p_step, null, p_data, meshhook_engine.digest(p_data))::meshhook_engine.fact]);
end $$;
