-- Fails runs that have ended five processes in a row without getting on (MH_POISON): whatever it is in them that kills, it shall
-- not kill all. The count stands in the queue row and is forgotten with the run's next event; see wake_orphans.
-- Locks: runs in id order, skip locked, although the caller holds queue rows: nobody waits. Then see write. Called by: wake_orphans.
create or replace function meshhook_engine.fail_poisoned(p_jobs bigint[], p_process int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_run     meshhook.runs;
  v_changes meshhook_engine.change[] := '{}'::meshhook_engine.change[];
begin
  for v_run in
    select k.*
    from (select distinct (j.args ->> 'run_id')::uuid as id from meshhook_river.river_job j where j.id = any (p_jobs) order by 1) wanted
    cross join lateral (
      select * from meshhook.runs r where r.id = wanted.id and r.finished_at is null and r.status <> 'paused' for no key update skip locked) k
  loop
    v_changes := v_changes || meshhook_engine.ended_from_outside(v_run, 'failed', jsonb_build_object(
      'code', 'MH_POISON', 'message', 'Five processes in a row ended while they worked on this run.',
      'steps', (select coalesce(jsonb_agg(h.key order by h.key), '[]') from jsonb_each_text(v_run.jobs) h where h.value::bigint = any (p_jobs))));
  end loop;
  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, p_process, p_now);
  end if;
  return cardinality(v_changes);
end $$;
