-- Takes a schedule away; its runs stay. Locks: its row.
create or replace function meshhook.remove_schedule(project text, name text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_schedule meshhook.schedules := meshhook_engine.require_schedule(meshhook_engine.require(project, 'edit'), name);
begin
  delete from meshhook.schedules s where s.id = v_schedule.id;
end $$;
comment on function meshhook.remove_schedule(text, text) is 'Takes a schedule away. Runs it has started go on.';
