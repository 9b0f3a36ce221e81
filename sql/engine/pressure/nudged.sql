-- For claimed rows that hold nothing: those that nudge() made say that something has become due, so it is looked for now.
-- Locks: their river_job rows (skip locked: these are the only ones that are locked before runs), then what let_in and wake_timers lock; they skip runs that are locked, so they wait for none while the caller holds others.
-- Called by: begin.
create or replace function meshhook_engine.nudged(p_process int, p_jobs bigint[], p_now timestamptz) returns void
language plpgsql volatile as $$
declare
  v_runs uuid[];
begin
  with done as (
    delete from meshhook_river.river_job j
    where j.id in (select k.id from meshhook_river.river_job k where k.id = any (p_jobs) and k.args ? 'wake' for update skip locked)
    returning (j.args ->> 'run_id')::uuid as run_id
  )
  select array_agg(d.run_id) into v_runs from done d;
  if v_runs is not null then
    perform meshhook_engine.let_in(p_process, v_runs, 100, p_now);
    perform meshhook_engine.wake_timers(p_process, 100, p_now);
  end if;
end $$;
