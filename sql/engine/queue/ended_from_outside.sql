-- The change that ends a run by a fact from outside its workflow: a deadline, a cancellation. Open steps are given up.
-- Called by: wake_deadlines, cancel.
create or replace function meshhook_engine.ended_from_outside(p_run meshhook.runs, p_status meshhook.run_status, p_error jsonb)
returns meshhook_engine.change
language plpgsql immutable as $$
declare
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
  v_data     jsonb := jsonb_build_object('error', p_error, 'output', null);
begin
  v_decision.status := p_status;
  v_decision.frontier := meshhook_engine.closed(p_run.frontier, p_status);
  v_decision.error := p_error;
  v_decision.effects := '{}';
  v_place.drop_jobs := array(select value::bigint from jsonb_each_text(p_run.jobs));
  return meshhook_engine.change_of(p_run, v_decision, v_place, array[row(
    'run.' || p_status, null, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact]);
end $$;
