-- A schedule of a project by name, locked for a verb that changes it, or an error.
-- Called by: remove_schedule, pause_schedule, resume_schedule.
create or replace function meshhook_engine.require_schedule(p_project int, p_name text) returns meshhook.schedules
language plpgsql volatile as $$
declare
  v_schedule meshhook.schedules;
begin
  select * into v_schedule from meshhook.schedules s where s.project_id = p_project and s.name = p_name for no key update;
  if v_schedule.id is null then
    raise exception using
      errcode = 'MH404',
      message = format('MH_SCHEDULE_UNKNOWN: the project has no schedule %s', coalesce(quote_literal(left(p_name, 100)), 'null')),
      detail = jsonb_build_object('code', 'MH_SCHEDULE_UNKNOWN', 'schedule', left(p_name, 100))::text,
      hint = 'select name from meshhook.schedule_list names those there are.';
  end if;
  return v_schedule;
end $$;
