-- A run that was let in and has not begun finds its timer again. Answers whether it was missing.
-- The caller holds the run. Locks: waits. Called by: rehold.
create or replace function meshhook_engine.rehold_start(p_run meshhook.runs, p_now timestamptz) returns boolean
language plpgsql volatile as $$
begin
  insert into meshhook.waits (run_id, step, kind, due_at, project_id)
  select s.run_id, '*', 'timer', p_now, s.project_id from meshhook.concurrency_slots s where s.run_id = p_run.id and s.state = 'held'
  on conflict do nothing;
  return found;
end $$;
