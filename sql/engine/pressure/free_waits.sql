-- Calls that waited for a gate that has just opened are due now. A wait that somebody is changing at this moment is left to
-- them. The first of them is woken at once, by a queue row; wake takes the others.
-- Locks: waits, skip locked; writes a river_job row. Called by: gate, trip_breaker, reset_breaker, set_limit.
create or replace function meshhook_engine.free_waits(p_project int, p_gate text, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_runs uuid[];
begin
  with freed as (
    select w.run_id, w.step from meshhook.waits w
    where w.project_id = p_project and w.gate = p_gate and w.gate is not null and w.due_at > p_now
    order by w.run_id, w.step
    for update skip locked
  ), moved as (
    update meshhook.waits w set due_at = p_now from freed where w.run_id = freed.run_id and w.step = freed.step returning w.run_id
  )
  select array_agg(run_id) into v_runs from moved;
  if v_runs is not null then
    perform meshhook_engine.nudge(v_runs[1], p_project);
  end if;
  return coalesce(cardinality(v_runs), 0);
end $$;
