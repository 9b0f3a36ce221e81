-- A workflow's row, locked: publishing, saving and rolling back one workflow happen one after the other. Made when it is new
-- and p_create says so.
-- Locks: the row (for no key update). Called by: save_draft, publish, rollback, enable, disable.
create or replace function meshhook_engine.lock_workflow(p_project int, p_workflow text, p_create boolean) returns meshhook.workflows
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row meshhook.workflows;
  v_id  int;
begin
  if p_create then
    if p_workflow is null or p_workflow !~ '^[a-z0-9][a-z0-9_-]{0,62}$' then
      raise exception using
        errcode = 'MH400',
        message = format('MH_WORKFLOW_NAME: %s is no workflow name', coalesce(quote_literal(left(p_workflow, 100)), 'null')),
        detail = '{"code": "MH_WORKFLOW_NAME"}',
        hint = 'Lower case letters, digits, - and _, 63 at most, a letter or digit first.';
    end if;
    insert into meshhook.workflows (project_id, name) values (p_project, p_workflow) on conflict (project_id, name) do nothing;
  end if;
  v_id := meshhook_engine.require_workflow(p_project, p_workflow);
  select * into v_row from meshhook.workflows w where w.id = v_id for no key update;
  return v_row;
end $$;
