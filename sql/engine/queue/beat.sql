-- The heartbeat: pushes the dead man's switch of the rows this process says it works under 30 s ahead. Returns how many,
-- or -1 when the process is not known (any more): then it must rejoin, or nobody would notice its death.
-- Only those: a lease whose answer never reached the process (its commit happened, its connection did not survive it) is in
-- nobody's hands, and must run out although the process lives.
-- A claim that it does not name half a minute later is the same, but never runs out: it is taken back (see recall).
-- Locks: its processes row, then the river_job rows in id order. Called by: the worker and the door, every 10 s.
create or replace function meshhook_engine.beat(p_process int, p_jobs bigint[]) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_known boolean;
  v_held  bigint[];
begin
  update meshhook.processes set seen_at = clock_timestamp() where id = p_process;
  v_known := found;
  -- The state is asked in a form that no index answers, as in deliver: the index on it holds whatever was leased since the last vacuum.
  v_held := array(
    select j.id from meshhook_river.river_job j
    where j.id = any (p_jobs) and j.state is not distinct from 'scheduled' and j.attempted_by[cardinality(j.attempted_by)] = p_process::text
    order by j.id
    for update skip locked);
  update meshhook_river.river_job j set scheduled_at = clock_timestamp() + interval '30 seconds' where j.id = any (v_held);
  perform meshhook_engine.recall(p_process, p_jobs, '{running}', '30 seconds');
  return case when v_known then cardinality(v_held) else -1 end;
end $$;
