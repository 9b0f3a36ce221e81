-- A burst that has become quiet (or has gone on for as long as it may): one run of it goes on, the first or the last, the others
-- are ended. Answers with it when it needs no slot and may begin. Runs that somebody is just changing stay for the next time.
-- The caller holds the key. Locks: concurrency_slots rows, skip locked. Called by: admit_runs.
create or replace function meshhook_engine.quiet_now(p_workflow int, p_key text, p_now timestamptz) returns uuid[]
language plpgsql volatile as $$
declare
  v_burst meshhook.concurrency_slots[];
  v_one   meshhook.concurrency_slots;
begin
  v_burst := array(
    select s from meshhook.concurrency_slots s
    where s.workflow_id = p_workflow and s.quiet_key = p_key and s.state = 'quiet' and s.verdict is null
    order by s.asked_at, s.n
    for update skip locked);
  if v_burst = '{}' or not exists (
    select from unnest(v_burst) b having max(b.due_at) <= p_now or min(b.latest_at) <= p_now) then
    return '{}';
  end if;
  v_one := v_burst[case when v_burst[cardinality(v_burst)].keep = 'first' then 1 else cardinality(v_burst) end];
  update meshhook.concurrency_slots s
  set verdict = jsonb_build_object('status', 'canceled', 'error', jsonb_build_object(
    'code', 'MH_DEBOUNCED', 'message', format('One of a burst of %s; run %s stands for all of them.', cardinality(v_burst), v_one.run_id), 'run', v_one.run_id))
  where s.run_id in (select b.run_id from unnest(v_burst) b) and s.run_id <> v_one.run_id;
  update meshhook.concurrency_slots s
  set state = case when s.key is null then 'held' else 'queued' end, asked_at = p_now, due_at = null, held_at = case when s.key is null then p_now end
  where s.run_id = v_one.run_id;
  if v_one.key is not null then
    perform meshhook_engine.nudge(v_one.run_id, v_one.project_id);
  end if;
  return case when v_one.key is null then array[v_one.run_id] else '{}'::uuid[] end;
end $$;
