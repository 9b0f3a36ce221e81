-- A URL that takes webhooks for a workflow. The token is shown here and in endpoint_list to those who may edit: whoever knows
-- it may send. Takes effect at commit, on every node.
-- Locks: the new rows. Notifies nobody.
create or replace function meshhook.create_endpoint(
  project text, workflow text, verify jsonb default '{"kind":"none"}', options jsonb default '{}')
returns table (id uuid, token text, path text)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project  int := meshhook_engine.require(project, 'edit');
  v_workflow int := meshhook_engine.require_workflow(v_project, workflow);
  v_verify   jsonb := meshhook_engine.check_verify(verify, v_project);
  v_options  jsonb := meshhook_engine.check_endpoint_options(meshhook_engine.with_preset(v_project, verify, options));
  v_id       uuid := gen_random_uuid();
  v_token    text := meshhook_engine.new_token();
  v_name     text := v_options ->> 'name';
  v_done     boolean := false;
begin
  perform meshhook_engine.refuse_taken(v_project, null, v_name, v_options ->> 'alias');
  for i in 1 .. case when v_name is null then 1000 else 1 end loop
    insert into meshhook.endpoints (id, project_id, token, name, alias, methods, max_body, verify, options)
    values (
      v_id, v_project, v_token,
      coalesce(v_name, workflow || case when i > 1 then '-' || i else '' end), v_options ->> 'alias',
      array(select distinct m from jsonb_array_elements_text(v_options -> 'methods') m),
      (v_options -> 'max_body')::int, v_verify, v_options - array['name', 'alias', 'methods', 'max_body'])
    on conflict (project_id, name) do nothing
    returning true into v_done;
    exit when v_done;
  end loop;
  if v_done is not true then
    perform meshhook_engine.refuse_taken(v_project, null, coalesce(v_name, workflow), null);
  end if;
  insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) values (v_id, v_workflow, v_project, true);
  return query select v_id, v_token, '/hooks/' || v_token;
end $$;
comment on function meshhook.create_endpoint(text, text, jsonb, jsonb) is
  'Makes a URL that takes webhooks for a workflow; answers with its id, token and path. verify: {"kind": "none"}, a preset such as {"kind": "github"}, or a recipe. A preset brings its dedupe key along unless options.dedupe says otherwise (null: none). options: name, alias, methods, max_body, respond, filter, dedupe, cidrs, search, rate.';
