-- Rebuilds the queue from the runs: a queue row for every open step that is due and held by none, a wait for every open step
-- that is not due. Losing every row of the queue and of the waits loses nothing. Returns how many runs it put right.
-- Locks: runs in id order, then waits, then river_job rows.
-- Called by: an operator, after a restore or a clean-out of the queue.
create or replace function meshhook.requeue() returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_now   timestamptz := meshhook_engine.clock();
  v_run   meshhook.runs;
  v_fixed int := 0;
begin
  perform meshhook_engine.require_operator();
  for v_run in
    select * from meshhook.runs r where r.finished_at is null and r.status <> 'paused' order by r.id for no key update
  loop
    if meshhook_engine.rehold(v_run, v_now) then
      v_fixed := v_fixed + 1;
    end if;
  end loop;
  perform meshhook_engine.audit(null, 'queue.rebuilt', null, jsonb_build_object('runs', v_fixed));
  return v_fixed;
end $$;
comment on function meshhook.requeue() is 'Rebuilds queue rows and timers from the runs; returns how many runs it put right.';
