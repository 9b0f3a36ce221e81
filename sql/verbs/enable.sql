-- Lets a workflow start runs again. Locks: the workflow row. Notifies nobody.
create or replace function meshhook.enable(project text, workflow text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row meshhook.workflows := meshhook_engine.lock_workflow(meshhook_engine.require(project, 'edit'), workflow, false);
begin
  update meshhook.workflows w set enabled = true, updated_at = now() where w.id = v_row.id and not w.enabled;
end $$;
comment on function meshhook.enable(text, text) is 'Lets a disabled workflow start runs again.';
