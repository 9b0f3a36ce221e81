-- Work of dead processes becomes available to the living: a process is dead when nobody holds its advisory lock.
-- Whoever asks is alive, though its lock went with a lost connection: it knows best what it still works on.
-- A process that has just registered gets three seconds to take its lock.
-- Behind a transaction pooler no process holds a lock; there, seen_at stands in for it (a minute without a heartbeat).
-- Locks: processes (skip locked), then river_job rows in id order. Notifies: meshhook_river.river_insert once. Called by: wake.
drop function if exists meshhook_engine.wake_orphans();
create or replace function meshhook_engine.wake_orphans(p_process int) returns int
language plpgsql volatile as $$
declare
  v_dead  int[];
  v_count int := 0;
begin
  v_dead := array(
    select p.id from meshhook.processes p
    where p.id is distinct from p_process and p.started_at < clock_timestamp() - interval '3 seconds'
      and not exists (
        select from pg_catalog.pg_locks l
        where l.locktype = 'advisory' and l.classid = 1835362152 and l.objid = p.id::oid and l.objsubid = 2 and l.granted
          and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database()))
      and (not p.pooled or p.seen_at < clock_timestamp() - interval '1 minute')
    for update skip locked);
  if v_dead = '{}' then
    return 0;
  end if;
  with orphans as (
    select j.id from meshhook_river.river_job j
    where j.state in ('scheduled', 'running') and j.kind = 'run'
      and j.attempted_by[cardinality(j.attempted_by)] = any (v_dead::text[])
    order by j.id
    for update
  )
  update meshhook_river.river_job j
  set state = 'available', scheduled_at = clock_timestamp()
  from orphans where j.id = orphans.id;
  get diagnostics v_count = row_count;
  delete from meshhook.processes p where p.id = any (v_dead);
  if v_count > 0 then
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
  return v_count;
end $$;
