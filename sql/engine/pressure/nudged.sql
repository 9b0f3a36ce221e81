-- For claimed rows that hold nothing: those that nudge() made say that something has become due, so it is looked for now.
-- Locks: what wake_timers locks; it skips runs that are locked, so it waits for none while the caller holds others.
-- Called by: begin.
create or replace function meshhook_engine.nudged(p_process int, p_jobs bigint[], p_now timestamptz) returns void
language plpgsql volatile as $$
begin
  delete from meshhook_river.river_job j where j.id = any (p_jobs) and j.args ? 'wake';  -- it has done its part
  if found then
    perform meshhook_engine.wake_timers(p_process, 100, p_now);
  end if;
end $$;
