-- Takes a watch away; triggers that are left start nothing. A part of unwatch_table. Locks: the watch's row.
create or replace function meshhook.take_watch("table" regclass, project text, workflow text) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_project  int := meshhook_engine.require(project, 'edit');
  v_workflow int := meshhook_engine.require_workflow(v_project, workflow);
  v_id       int;
begin
  delete from meshhook.watched_tables w where w.workflow_id = v_workflow and w.relation = take_watch."table" returning w.id into v_id;
  if v_id is null then
    raise exception using
      errcode = 'MH404', message = format('MH_WATCH_UNKNOWN: %s is not watched for workflow %s', coalesce("table"::text, 'null'), workflow),
      detail = '{"code": "MH_WATCH_UNKNOWN"}', hint = 'select table_name, workflow from meshhook.watch_list names what is.';
  end if;
  return v_id;
end $$;
comment on function meshhook.take_watch(regclass, text, text) is 'A part of meshhook.unwatch_table: forgets what is watched, and drops no trigger.';
