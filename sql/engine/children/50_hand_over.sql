-- Called runs that ended in this commit are brought before those who called them: the step that waits gets a queue row, now. The
-- caller's lock comes before the called run's in the engine's order, so it is only tried; where somebody holds it, the wait is
-- made due, and wake brings the step up. A caller that is paused looks for itself when it is resumed.
-- Locks: callers and their waits, tried only; then river_job rows. Notifies: meshhook_river.river_insert with a new row.
-- Called by: write, which has written the ends.
create or replace function meshhook_engine.hand_over(p_changes meshhook_engine.change[], p_now timestamptz) returns void
language plpgsql volatile as $$
declare
  v_ended  uuid[];
  v_busy   uuid[];  -- callers that somebody holds
  v_parent meshhook.runs;
  v_steps  text[];
  v_job    bigint;
  v_rows   boolean := false;
begin
  select array_agg(c.run_id), array_agg(distinct c.parent_id) into v_ended, v_busy
  from unnest(p_changes) c
  where c.parent_id is not null and not c.is_new and c.status in ('succeeded', 'failed', 'canceled');
  for v_parent in
    select k.*
    from unnest(v_busy) wanted(id)
    cross join lateral (select * from meshhook.runs r where r.id = wanted.id for no key update skip locked) k
  loop
    v_busy := array_remove(v_busy, v_parent.id);
    continue when v_parent.finished_at is not null or v_parent.status = 'paused';
    v_steps := array(
      select o.key from jsonb_each(v_parent.frontier -> 'open') o
      where (o.value ->> 'c')::uuid = any (v_ended) and not coalesce(v_parent.jobs ? o.key, false));
    continue when v_steps = '{}';
    v_job := nextval('meshhook_river.river_job_id_seq');
    v_parent.jobs := coalesce(v_parent.jobs, '{}') || (select jsonb_object_agg(s, v_job) from unnest(v_steps) s);
    update meshhook.runs r
    set jobs = v_parent.jobs, status = 'running', wake_at = meshhook_engine.first_due(v_parent.frontier, v_parent.jobs, null, v_parent.wake_at)
    where r.id = v_parent.id;
    delete from meshhook.waits w where w.run_id = v_parent.id and w.step = any (v_steps);
    insert into meshhook_river.river_job (id, kind, args, queue, max_attempts, state, scheduled_at)
    values (v_job, 'run', jsonb_build_object('run_id', v_parent.id), 'default', 25, 'available', clock_timestamp());
    v_rows := true;
  end loop;
  if v_busy <> '{}' then
    with mine as (
      select w.run_id, w.step from meshhook.waits w
      where w.run_id = any (v_busy) and w.kind = 'child' and w.key = any (v_ended::text[])
      for update skip locked
    )
    update meshhook.waits w set due_at = p_now from mine where w.run_id = mine.run_id and w.step = mine.step;
  end if;
  if v_rows then
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
end $$;
