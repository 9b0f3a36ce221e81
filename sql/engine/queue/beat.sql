-- The heartbeat: pushes the dead man's switch of everything this process leases 30 s ahead. Returns how many rows it leases.
-- Locks: river_job rows of this process. Called by: the worker and the door, every 10 s.
create or replace function meshhook_engine.beat(p_process int) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_held int;
begin
  update meshhook.processes set seen_at = clock_timestamp() where id = p_process;
  with held as (
    select j.id from meshhook_river.river_job j
    where j.state = 'scheduled' and j.queue = 'default' and j.attempted_by = array[p_process::text]
    order by j.id
    for update skip locked
  )
  update meshhook_river.river_job j
  set scheduled_at = clock_timestamp() + interval '30 seconds'
  from held where j.id = held.id;
  get diagnostics v_held = row_count;
  return v_held;
end $$;
