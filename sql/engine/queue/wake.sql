-- What time brings about: due retries and delays, deadlines passed, schedules, work of dead processes. Every worker does a little of it.
--
-- Guarantees: nothing is done twice (the run's lock, then the wait is looked at again); a run locked by somebody else is left
-- for the next round. Retries and timers go on through the queue, for anybody.
-- Locks: runs in id order, skip locked; then waits, events, river_job rows. Notifies: see write().
-- Called by: every worker, about once a second and again at once while there is more to do.
create or replace function meshhook_engine.wake(p_process int, p_limit int) returns table (task text, did int)
language plpgsql security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  v_now timestamptz := meshhook_engine.clock();
begin
  perform meshhook_engine.keep_waiting(v_now);
  perform meshhook_engine.keep_turns();
  task := 'held back';
  did := meshhook_engine.let_in(p_process, null, p_limit, v_now);
  return next;
  task := 'timers';
  did := meshhook_engine.wake_timers(p_process, p_limit, v_now);
  return next;
  task := 'abandoned runs';
  did := meshhook_engine.wake_abandoned(p_process, p_limit, v_now);
  return next;
  task := 'deadlines';
  did := meshhook_engine.wake_deadlines(p_process, p_limit, v_now);
  return next;
  task := 'queued requests';
  did := meshhook_engine.wake_queued(p_process, p_limit, v_now);
  return next;
  task := 'schedules';
  did := meshhook_engine.wake_schedules(p_process, p_limit, v_now);
  return next;
  task := 'dead processes';
  did := meshhook_engine.wake_orphans(p_process);
  return next;
end $$;
