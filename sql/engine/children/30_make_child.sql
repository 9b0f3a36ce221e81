-- Makes the run that a step calls, as child.started names it: a change to be written in the commit at hand, with its first
-- segment decided. What is wrong with the call (no such workflow, disabled, no such version, input that does not fit, twenty
-- runs calling each other) raises; nothing is written here.
-- Called by: call_child, in an exception block.
create or replace function meshhook_engine.make_child(p_run meshhook.runs, p_step text, p_intent jsonb, p_now timestamptz) returns meshhook_engine.change
language plpgsql volatile as $$
declare
  v_up       uuid := p_run.parent_id;
  v_depth    int := 1;
  v_workflow meshhook.workflows;
  v_version  meshhook.workflow_versions;
  v_code     text;
  v_change   meshhook_engine.change;
begin
  while v_up is not null and v_depth < 20 loop
    v_depth := v_depth + 1;
    v_up := (select r.parent_id from meshhook.runs r where r.id = v_up);
  end loop;
  select * into v_workflow from meshhook.workflows w where w.project_id = p_run.project_id and w.name = p_intent ->> 'workflow';
  select * into v_version from meshhook.workflow_versions v
  where v.workflow_id = v_workflow.id
    and v.version = case when p_intent -> 'version' = '"latest"' then v_workflow.live_version else (p_intent -> 'version')::int end;
  v_code := case
    when v_depth >= 20 then 'MH_CALL_DEPTH'
    when v_workflow.id is null then 'MH_WORKFLOW_UNKNOWN'
    when not v_workflow.enabled then 'MH_WORKFLOW_DISABLED'
    when v_version.id is null and p_intent -> 'version' = '"latest"' then 'MH_NOT_PUBLISHED'
    when v_version.id is null then 'MH_VERSION_UNKNOWN' end;
  if v_code is not null then
    raise exception using
      errcode = 'MH422',
      message = v_code || ': ' || case v_code
        when 'MH_CALL_DEPTH' then 'twenty runs have called each other; this looks like a circle'
        when 'MH_WORKFLOW_UNKNOWN' then format('the project has no workflow %s', p_intent ->> 'workflow')
        when 'MH_WORKFLOW_DISABLED' then format('workflow %s is disabled', p_intent ->> 'workflow')
        when 'MH_NOT_PUBLISHED' then format('workflow %s has no published version', p_intent ->> 'workflow')
        else format('workflow %s has no version %s', p_intent ->> 'workflow', p_intent ->> 'version') end,
      detail = jsonb_build_object('code', v_code, 'workflow', p_intent -> 'workflow')::text;
  end if;
  perform meshhook_engine.require_input(v_version.compiled, p_intent -> 'input');
  v_change := meshhook_engine.new_run(
    (p_intent ->> 'run')::uuid, p_run.project_id, v_workflow.id, v_workflow.name, v_version.id, v_version.version, v_version.compiled - 'nodes',
    coalesce(v_version.nodes, meshhook_engine.nodes_of(v_version.compiled)), 'call',
    jsonb_build_object(
      'body', p_intent -> 'input', 'received_at', meshhook_engine.iso(p_now), 'headers', '{}'::jsonb, 'query', '{}'::jsonb,
      'parent', jsonb_build_object('run', p_run.id, 'step', p_step)),
    null, null, p_now);
  v_change.parent_id := p_run.id;
  return v_change;
end $$;
