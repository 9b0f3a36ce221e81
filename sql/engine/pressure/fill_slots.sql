-- Gives the free slots of a key to those who wait longest, and deals with those that find none as their policy says: they wait,
-- or are dropped, or the oldest make room (and they wait until that has happened). Answers with the runs that may begin.
-- Paused runs are passed over.
-- The caller holds the key. Locks: concurrency_slots rows, skip locked: a run that is ending now has its slot until it has ended.
-- Called by: admit_runs.
create or replace function meshhook_engine.fill_slots(p_workflow int, p_key text, p_limit int, p_now timestamptz) returns uuid[]
language plpgsql volatile as $$
declare
  v_held  int;
  v_runs  uuid[] := '{}'::uuid[];
  v_new   uuid[] := '{}'::uuid[];  -- to be dropped
  v_one   meshhook.concurrency_slots;
  v_last  meshhook.concurrency_slots;
begin
  select count(*) into v_held from meshhook.concurrency_slots s where s.workflow_id = p_workflow and s.key = p_key and s.state = 'held';
  for v_one in
    select s.* from meshhook.concurrency_slots s
    where s.workflow_id = p_workflow and s.key = p_key and s.state = 'queued' and s.verdict is null
      and exists (select from meshhook.runs r where r.id = s.run_id and r.status <> 'paused')
    order by s.asked_at, s.n
    limit p_limit
    for update skip locked
  loop
    if v_held < v_one.max_runs then
      v_runs := v_runs || v_one.run_id;
      v_held := v_held + 1;
    elsif v_one.on_limit = 'drop_new' then
      v_new := v_new || v_one.run_id;
    elsif v_one.on_limit = 'queue' and v_last.run_id is null then
      exit;  -- nobody behind it has a better claim
    elsif v_one.on_limit = 'cancel_old' then
      v_last := v_one;
    end if;
  end loop;
  update meshhook.concurrency_slots s set state = 'held', held_at = p_now where s.run_id = any (v_runs);
  update meshhook.concurrency_slots s
  set verdict = jsonb_build_object('status', 'canceled', 'error', jsonb_build_object(
    'code', 'MH_CONCURRENCY_DROPPED', 'message', format('%s of %s runs of %s were under way.', v_held, s.max_runs, s.key), 'key', s.key))
  where s.run_id = any (v_new);
  if v_last.run_id is not null then
    -- The newest stay: as many as there are slots.
    with old as (
      select o.run_id
      from (
        select s.run_id, row_number() over (order by s.asked_at desc, s.n desc) as n
        from meshhook.concurrency_slots s
        where s.workflow_id = p_workflow and s.key = p_key and s.state in ('queued', 'held') and s.verdict is null
      ) o
      where o.n > v_last.max_runs
    ), locked as (
      select s.run_id from meshhook.concurrency_slots s join old on old.run_id = s.run_id
      order by s.run_id for update of s skip locked
    )
    update meshhook.concurrency_slots s
    set verdict = jsonb_build_object('status', 'canceled', 'error', jsonb_build_object(
      'code', 'MH_CONCURRENCY_REPLACED', 'message', format('A newer run of %s took its place.', s.key), 'key', s.key, 'run', v_last.run_id))
    from locked where s.run_id = locked.run_id;
  end if;
  return v_runs;
end $$;
