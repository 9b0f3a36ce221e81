-- The id of a workflow of a project whose id is known, or an error. Takes no lock.
-- Called by: verbs, after require.
create or replace function meshhook_engine.require_workflow(p_project int, p_workflow text) returns int
language plpgsql stable security definer set search_path = '' as $$
declare
  v_workflow int;
begin
  select w.id into v_workflow from meshhook.workflows w where w.project_id = p_project and w.name = p_workflow;
  if v_workflow is null then
    raise exception using
      errcode = 'MH404',
      message = format('MH_WORKFLOW_UNKNOWN: the project has no workflow %s', coalesce(quote_literal(left(p_workflow, 100)), 'null')),
      detail = jsonb_build_object('code', 'MH_WORKFLOW_UNKNOWN', 'workflow', left(p_workflow, 100))::text,
      hint = 'select workflow from meshhook.workflow_list names those there are.';
  end if;
  return v_workflow;
end $$;
