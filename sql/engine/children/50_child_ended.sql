-- Whether a step that waits for the run it called is to be brought up again: the run has ended, or is not there (yet). One that
-- goes on is not looked at again before it ends; one whose lock somebody holds is looked at in the next round.
-- The caller holds the calling run's lock. Locks: the called run, tried only; the wait. Called by: wake_timers.
create or replace function meshhook_engine.child_ended(p_run meshhook.runs, p_step text) returns boolean
language plpgsql volatile as $$
declare
  v_id    uuid := (p_run.frontier #>> array['open', p_step, 'c'])::uuid;
  v_child meshhook.runs;
begin
  if not exists (select from meshhook.runs c where c.id = v_id) then
    return true;
  end if;
  select * into v_child from meshhook.runs c where c.id = v_id for no key update skip locked;
  if v_child.id is not null and v_child.finished_at is null then
    update meshhook.waits w set due_at = 'infinity' where w.run_id = p_run.id and w.step = p_step;
  end if;
  return v_child.finished_at is not null;
end $$;
