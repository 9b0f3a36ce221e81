-- Hands rows back that this process leased or claimed: available to anybody, now. Returns how many.
-- A row that somebody is about to delete or to push on is passed over: who holds no run must not wait for rows while it holds
-- others, for write() deletes them in any order.
-- Locks: the river_job rows, in id order, skip locked. Notifies: meshhook_river.river_insert once.
-- Called by: the worker, when it stops before the work is done.
create or replace function meshhook_engine.release(p_process int, p_jobs bigint[]) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_held bigint[];
begin
  v_held := array(  -- the state in a form that no index answers, as in deliver
    select j.id from meshhook_river.river_job j
    where j.id = any (p_jobs) and (j.state is not distinct from 'scheduled' or j.state is not distinct from 'running')
      and j.attempted_by[cardinality(j.attempted_by)] = p_process::text
    order by j.id
    for update skip locked);
  update meshhook_river.river_job j
  set state = 'available', scheduled_at = clock_timestamp(), priority = 1  -- begun already: before what has not
  where j.id = any (v_held);
  if v_held <> '{}' then
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
  return cardinality(v_held);
end $$;
