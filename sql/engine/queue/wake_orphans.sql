-- Work of dead processes becomes available to the living: a process is dead when nobody holds its advisory lock.
-- Whoever asks is alive, though its lock went with a lost connection: it knows best what it still works on.
-- A process that has just registered gets three seconds to take its lock.
-- One that holds its lock and has not been heard of for half a minute is silent: frozen, or cut off in a way that the server
-- does not notice. It loses its work like the dead, also what it claimed through River, but stays known: it may come back, and
-- should it die instead, its lock will tell. What it brings late meets the attempt fence.
-- A row that a process died with counts that, for as long as its run has not got on (the seq beside the count): five in a row fail
-- the run.
-- Behind a transaction pooler no process holds a lock; there, seen_at stands in for it (a minute without a heartbeat).
-- A row that somebody is about to delete is passed over: who holds no run must not wait for rows while it holds others. Should
-- it be left after all, its process is not forgotten yet, and the next round finds it.
-- Locks: processes (skip locked), then river_job rows in id order (skip locked), then see fail_poisoned. Notifies: meshhook_river.river_insert once. Called by: wake.
drop function if exists meshhook_engine.wake_orphans();
create or replace function meshhook_engine.wake_orphans(p_process int) returns int
language plpgsql volatile as $$
declare
  v_gone  int[];
  v_dead  int[];
  v_count int := 0;
  v_bad   bigint[];
begin
  select array_agg(g.id), array_agg(g.id) filter (where not g.held) into v_gone, v_dead
  from (
    select p.id, l.held
    from meshhook.processes p
    cross join lateral (
      select exists (
        select from pg_catalog.pg_locks l
        where l.locktype = 'advisory' and l.classid = 1835362152 and l.objid = p.id::oid and l.objsubid = 2 and l.granted
          and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database()))
    ) l(held)
    where p.id is distinct from p_process and p.started_at < clock_timestamp() - interval '3 seconds'
      and case when l.held then p.seen_at < clock_timestamp() - interval '30 seconds'
               else not p.pooled or p.seen_at < clock_timestamp() - interval '1 minute' end
    for update of p skip locked) g;
  if v_gone is null then
    return 0;
  end if;
  with orphans as (
    select j.id, (select r.seq from meshhook.runs r where r.id = (j.args ->> 'run_id')::uuid) as seq from meshhook_river.river_job j
    where j.state in ('scheduled', 'running') and j.kind = 'run'
      and j.attempted_by[cardinality(j.attempted_by)] = any (v_gone::text[])
    order by j.id
    for update skip locked
  )
  , freed as (
    update meshhook_river.river_job j
    set state = 'available', scheduled_at = clock_timestamp(), priority = 1,  -- begun already: before what has not
        metadata = case when j.attempted_by[cardinality(j.attempted_by)] = any (v_dead::text[]) then j.metadata || jsonb_build_object(
          'seq', o.seq, 'crashes', 1 + case when j.metadata -> 'seq' = to_jsonb(o.seq) then (j.metadata -> 'crashes')::int else 0 end) else j.metadata end
    from orphans o where j.id = o.id
    returning j.id, j.metadata
  )
  select count(*), array_agg(f.id) filter (where (f.metadata -> 'crashes')::int >= 5) into v_count, v_bad from freed f;
  if v_bad is not null then
    perform meshhook_engine.fail_poisoned(v_bad, p_process, meshhook_engine.clock());
  end if;
  if v_dead is not null then
    delete from meshhook.processes p
    where p.id = any (v_dead) and not exists (
      select from meshhook_river.river_job j
      where j.state in ('scheduled', 'running') and j.kind = 'run' and j.attempted_by[cardinality(j.attempted_by)] = p.id::text);
  end if;
  if v_count > 0 then
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
  return v_count;
end $$;
