-- Requests at an endpoint no longer start a workflow. One that starts none is told so: requests are then kept as ignored.
-- Takes effect at commit. Locks: the row. Notifies nobody.
create or replace function meshhook.remove_endpoint_workflow(endpoint uuid, workflow text) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project  int := meshhook_engine.require_endpoint(endpoint, 'edit');
  v_workflow int := meshhook_engine.require_workflow(v_project, workflow);
begin
  delete from meshhook.endpoint_workflows ew where ew.endpoint_id = endpoint and ew.workflow_id = v_workflow;
  if not found then
    raise exception using
      errcode = 'MH404', message = format('MH_ENDPOINT_WORKFLOW: the endpoint does not start workflow %L', workflow),
      detail = '{"code": "MH_ENDPOINT_WORKFLOW"}', hint = 'select workflows from meshhook.endpoint_list shows which it starts.';
  end if;
end $$;
comment on function meshhook.remove_endpoint_workflow(uuid, text) is 'Requests at an endpoint no longer start the workflow.';
