-- Queue rows that stand in a process's name and are not in its hands: what leased or claimed them was committed, and its answer
-- never came. Those taken more than p_age ago (a younger answer may be on its way) become available to anybody, now.
-- A lease would run out on its own, half a minute after it was made; a claim would not, for as long as the process lives.
-- Locks: river_job rows in id order, skip locked. Notifies: meshhook_river.river_insert once.
-- Called by: the worker, for a while after a statement got no answer; beat.
create or replace function meshhook_engine.recall(
  p_process int, p_held bigint[], p_states meshhook_river.river_job_state[], p_age interval)
returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  with lost as (
    select j.id from meshhook_river.river_job j
    where j.state = any (p_states) and j.kind = 'run'
      and j.attempted_by[cardinality(j.attempted_by)] = p_process::text
      and case j.state when 'running' then j.attempted_at else j.scheduled_at - interval '30 seconds' end < clock_timestamp() - p_age
      and not j.id = any (coalesce(p_held, '{}'))
    order by j.id
    for update skip locked
  )
  update meshhook_river.river_job j
  set state = 'available', scheduled_at = clock_timestamp()
  from lost where j.id = lost.id;
  get diagnostics v_count = row_count;
  if v_count > 0 then
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
  return v_count;
end $$;
