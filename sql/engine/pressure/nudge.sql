-- A queue row that holds no call: whoever claims it looks at once for what has become due, instead of in a second.
-- A hint and no more: wake finds the same by itself.
-- Writes a river_job row. Notifies: meshhook_river.river_insert. Called by: free_waits, hold, release_holds.
create or replace function meshhook_engine.nudge(p_run uuid, p_project int) returns void
language plpgsql volatile as $$
begin
  insert into meshhook_river.river_job (kind, args, queue, max_attempts, state, scheduled_at, priority)
  values ('run', jsonb_build_object('run_id', p_run, 'project', p_project, 'wake', true), 'default', 25, 'available', meshhook_engine.turn(p_project), 2);
  perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
end $$;
