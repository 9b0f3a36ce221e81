-- Makes an earlier (or later) version live again. Runs that are under way keep theirs; the draft stays as it is.
-- Locks: the workflow row. Notifies nobody.
create or replace function meshhook.rollback(project text, workflow text, version int) returns int
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'edit');
  v_row     meshhook.workflows := meshhook_engine.lock_workflow(v_project, workflow, false);
begin
  perform meshhook_engine.require_version(v_row.id, rollback.version);
  update meshhook.workflows w set live_version = rollback.version, updated_at = now() where w.id = v_row.id;
  return rollback.version;
end $$;
comment on function meshhook.rollback(text, text, int) is 'Makes another published version of a workflow the live one.';
