-- Lets requests at an endpoint start one more workflow; the primary one answers callers that wait. Given again, it changes
-- only which one that is.
-- Takes effect at commit. Locks: the endpoint row, then its rows of endpoint_workflows. Notifies nobody.
create or replace function meshhook.add_endpoint_workflow(endpoint uuid, workflow text, is_primary boolean default false) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project  int := meshhook_engine.require_endpoint(endpoint, 'edit');
  v_workflow int := meshhook_engine.require_workflow(v_project, workflow);
begin
  perform from meshhook.endpoints e where e.id = endpoint for update;
  if add_endpoint_workflow.is_primary then
    update meshhook.endpoint_workflows ew set is_primary = false where ew.endpoint_id = endpoint and ew.is_primary;
  end if;
  insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary)
  values (endpoint, v_workflow, v_project, add_endpoint_workflow.is_primary)
  on conflict (endpoint_id, workflow_id) do update set is_primary = excluded.is_primary;
end $$;
comment on function meshhook.add_endpoint_workflow(uuid, text, boolean) is 'Lets requests at an endpoint start one more workflow; the primary one answers callers that wait.';
