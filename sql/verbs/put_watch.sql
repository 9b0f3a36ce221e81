-- Keeps what is watched. It makes no trigger, so by itself it starts nothing: watch_table, which makes them with its caller's own
-- rights on the table, calls it first. Answers with the id of the watch.
-- Locks: the watch's row.
create or replace function meshhook.put_watch(
  "table" regclass, project text, workflow text, events text[], condition text, key text, batch int)
returns int
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project  int := meshhook_engine.require(put_watch.project, 'edit');
  v_workflow int := meshhook_engine.require_workflow(v_project, put_watch.workflow);
  v_id       int;
begin
  if not exists (select from meshhook.workflows w where w.id = v_workflow and w.live_version is not null) then
    raise exception using
      errcode = 'MH409', message = format('MH_NOT_PUBLISHED: workflow %s has no published version', put_watch.workflow),
      detail = '{"code": "MH_NOT_PUBLISHED"}', hint = format('Publish it with: select meshhook.publish(%L, %L)', put_watch.project, put_watch.workflow);
  end if;
  insert into meshhook.watched_tables (project_id, workflow_id, relation, events, condition, key, batch, created_by)
  values (v_project, v_workflow, put_watch."table", put_watch.events, put_watch.condition, put_watch.key, put_watch.batch, meshhook.principal())
  on conflict (relation, workflow_id) do update
  set events = excluded.events, condition = excluded.condition, key = excluded.key, batch = excluded.batch, last_error = null
  returning id into v_id;
  return v_id;
end $$;
comment on function meshhook.put_watch(regclass, text, text, text[], text, text, int) is
  'A part of meshhook.watch_table: keeps what is watched, and makes no trigger.';
