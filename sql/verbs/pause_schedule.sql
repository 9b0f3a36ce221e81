-- A paused schedule starts nothing until it is resumed. Pausing it twice changes nothing. Locks: its row.
create or replace function meshhook.pause_schedule(project text, name text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_schedule meshhook.schedules := meshhook_engine.require_schedule(meshhook_engine.require(project, 'operate'), name);
begin
  update meshhook.schedules s set state = 'paused', next_due = null, updated_at = now() where s.id = v_schedule.id and s.state <> 'paused';
end $$;
comment on function meshhook.pause_schedule(text, text) is 'Stops a schedule from starting runs until meshhook.resume_schedule.';
