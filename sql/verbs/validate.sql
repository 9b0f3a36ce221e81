-- Everything that is wrong with a definition, at once. Never raises because of the definition.
-- Takes no locks, notifies nobody. With a project, it also says which secrets, called workflows and error workflow the project
-- does not have, and whether calls go round in circles.
create or replace function meshhook.validate(definition jsonb, project text default null)
returns table (severity text, code text, path text, node text, message text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_secrets text[];
  v_project int;
begin
  if project is not null then
    v_project := meshhook_engine.require(project, 'view');
    v_secrets := array(select s.name from meshhook.secrets s where s.project_id = v_project);
  end if;
  return query
    select p.severity, p.code, p.path, p.node, p.message
    from unnest((meshhook_engine.read_definition(definition, v_secrets, false)).problems
      || case when v_project is not null then meshhook_engine.check_calls(v_project, definition) end) p;
  if v_project is not null and jsonb_typeof(definition #> '{policy,error_workflow}') = 'string' and not exists (
    select from meshhook.workflows w where w.project_id = v_project and w.name = definition #>> '{policy,error_workflow}' and w.live_version is not null)
  then
    return query select 'warning', 'MH_DEF_ERROR_WORKFLOW', '/policy/error_workflow', null::text,
      format('the project has no published workflow %s: a failure would start nothing', meshhook_engine.quote(definition #> '{policy,error_workflow}'));
  end if;
end $$;
comment on function meshhook.validate(jsonb, text) is
  'All problems of a workflow definition: severity (error or warning), code, JSON pointer, node, message. No rows: it can be published.';
