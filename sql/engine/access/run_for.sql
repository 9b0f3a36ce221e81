-- A run by id for somebody who may use it so (view, operate): MH404 when it is not there or not theirs, which look the same.
-- Takes no lock. Called by: the verbs that take a run.
create or replace function meshhook_engine.run_for(p_run uuid, p_right text) returns meshhook.runs
language plpgsql stable as $$
declare
  v_run meshhook.runs;
begin
  select * into v_run from meshhook.runs r where r.id = p_run;
  if v_run.id is null or not v_run.project_id = any (meshhook_engine.my_projects('view')) then
    raise exception using
      errcode = 'MH404', message = format('MH_RUN_UNKNOWN: there is no run %s', coalesce(p_run::text, 'null')),
      detail = jsonb_build_object('code', 'MH_RUN_UNKNOWN', 'run', p_run)::text,
      hint = 'List the runs you can see with: select id, workflow, status from meshhook.run_list';
  end if;
  if not v_run.project_id = any (meshhook_engine.my_projects(p_right)) then
    raise exception using
      errcode = 'MH403', message = format('MH_FORBIDDEN: %s may not %s runs of this project', meshhook.principal(), p_right),
      detail = jsonb_build_object('code', 'MH_FORBIDDEN', 'right', p_right)::text,
      hint = 'Ask an owner of the project for a role that may.';
  end if;
  return v_run;
end $$;
