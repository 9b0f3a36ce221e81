-- Keeps a workflow from starting runs; those under way go on. Locks: the workflow row. Notifies nobody.
create or replace function meshhook.disable(project text, workflow text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row meshhook.workflows := meshhook_engine.lock_workflow(meshhook_engine.require(project, 'edit'), workflow, false);
begin
  update meshhook.workflows w set enabled = false, updated_at = now() where w.id = v_row.id and w.enabled;
end $$;
comment on function meshhook.disable(text, text) is 'Keeps a workflow from starting runs; runs under way go on.';
