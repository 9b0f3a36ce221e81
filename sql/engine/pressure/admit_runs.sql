-- Lets runs begin that were held back: delays that are over, bursts that have become quiet, slots that are free. Runs that are
-- not to begin get a verdict, and are ended by it (ended_by_verdict).
--
-- One session at a time decides about a key (an advisory lock of the transaction), and it sees all that was committed before,
-- so a limit is never exceeded. A run that ends gives its slot back in its own commit (slot_freed) and wakes somebody for the
-- next of its key; a run that is queued wakes somebody for itself. Where neither sees the other, wake, which looks at every key
-- with a queue and room once a second, finds them.
-- p_runs: only the keys of these runs; null: all.
-- Locks: advisory locks by (workflow, key) in order, concurrency_slots rows skip locked: no lock on a run is waited for.
-- Called by: wake, nudged; wake_timers then begins what was admitted.
create or replace function meshhook_engine.admit_runs(p_runs uuid[], p_limit int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_key  record;
  v_ids  int[] := '{}'::int[];   -- the keys with a queue: their workflows
  v_keys text[] := '{}'::text[];
  v_runs uuid[] := '{}'::uuid[];
begin
  -- All locks on keys before the first on a row: who waits for a key holds nothing that another waits for.
  for v_key in
    select k.workflow_id, k.key
    from (
      select s.workflow_id, s.key from meshhook.concurrency_slots s
      where s.state = 'queued' and s.verdict is null and (p_runs is null or s.run_id = any (p_runs))
      group by s.workflow_id, s.key
      having bool_or(s.on_limit <> 'queue') or max(s.max_runs) > (
        select count(*) from meshhook.concurrency_slots h where h.workflow_id = s.workflow_id and h.key = s.key and h.state = 'held')
      limit p_limit
    ) k
    order by k.workflow_id, hashtext(k.key), k.key
  loop
    perform pg_advisory_xact_lock(v_key.workflow_id, hashtext(v_key.key));
    v_ids := v_ids || v_key.workflow_id;
    v_keys := v_keys || v_key.key;
  end loop;

  for v_key in
    update meshhook.concurrency_slots s
    set state = case when s.quiet_key is not null then 'quiet' else 'queued' end,
        asked_at = p_now,
        due_at = p_now + make_interval(secs => s.quiet_ms / 1000.0)
    where s.run_id in (
      select d.run_id from meshhook.concurrency_slots d
      where d.state = 'delayed' and d.due_at <= p_now and d.verdict is null
      order by d.due_at limit p_limit for update skip locked)
    returning s.run_id, s.project_id, s.state
  loop
    if v_key.state = 'queued' then
      perform meshhook_engine.nudge(v_key.run_id, v_key.project_id);
    end if;
  end loop;
  for v_key in
    select distinct s.workflow_id, s.quiet_key from meshhook.concurrency_slots s
    where s.state = 'quiet' and s.verdict is null and (s.due_at <= p_now or s.latest_at <= p_now)
    order by 1, 2 limit p_limit
  loop
    continue when not pg_try_advisory_xact_lock(v_key.workflow_id, hashtext('quiet ' || v_key.quiet_key));
    v_runs := v_runs || meshhook_engine.quiet_now(v_key.workflow_id, v_key.quiet_key, p_now);
  end loop;
  for n in 1 .. cardinality(v_keys) loop
    v_runs := v_runs || meshhook_engine.fill_slots(v_ids[n], v_keys[n], p_limit, p_now);
  end loop;

  -- What was admitted begins by a timer of its own, under its run's lock.
  insert into meshhook.waits (run_id, step, kind, due_at, project_id)
  select s.run_id, '*', 'timer', p_now, s.project_id from meshhook.concurrency_slots s where s.run_id = any (v_runs)
  on conflict do nothing;
  return cardinality(v_runs);
end $$;
