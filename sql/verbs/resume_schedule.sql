-- A paused schedule goes on with the first due moment from now; what fell due meanwhile is not caught up with. Returns that moment.
-- A schedule that is not paused stays as it is. Locks: its row.
create or replace function meshhook.resume_schedule(project text, name text) returns timestamptz
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_schedule meshhook.schedules := meshhook_engine.require_schedule(meshhook_engine.require(project, 'operate'), name);
begin
  if v_schedule.state = 'paused' then
    v_schedule.next_due := meshhook_engine.due_after(
      meshhook_engine.parse_cron(v_schedule.cron), v_schedule.timezone, v_schedule.anchor, meshhook_engine.clock());
    update meshhook.schedules s set state = 'active', next_due = v_schedule.next_due, updated_at = now() where s.id = v_schedule.id;
  end if;
  return v_schedule.next_due;
end $$;
comment on function meshhook.resume_schedule(text, text) is 'Lets a paused schedule go on, from now: what fell due meanwhile is left out. Returns the next due moment.';
