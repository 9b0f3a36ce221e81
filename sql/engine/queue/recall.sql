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
  v_state meshhook_river.river_job_state;
  v_lost  bigint[];
begin
  -- A state at a time and in no order: asked otherwise, the planner may read the whole queue by id while it believes it empty.
  foreach v_state in array p_states loop
    v_lost := v_lost || array(
      select j.id from meshhook_river.river_job j
      where j.state = v_state and j.kind = 'run'
        and j.attempted_by[cardinality(j.attempted_by)] = p_process::text
        and case v_state when 'running' then j.attempted_at else j.scheduled_at - interval '30 seconds' end < clock_timestamp() - p_age
        and not j.id = any (coalesce(p_held, '{}')));
  end loop;
  v_lost := array(
    select j.id from meshhook_river.river_job j
    where j.id = any (v_lost) and array_position(p_states, j.state) is not null and j.attempted_by[cardinality(j.attempted_by)] = p_process::text
    order by j.id
    for update skip locked);
  update meshhook_river.river_job j set state = 'available', scheduled_at = clock_timestamp() where j.id = any (v_lost);
  if v_lost <> '{}' then
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
  return cardinality(v_lost);
end $$;
