-- What only the project can tell of the workflows that a definition calls: that one is not there, or not in that version (a
-- warning: it may come), and that the calls go round in circles (an error, named). "latest" is what is live now; what is
-- published or rolled back to later is caught when runs call each other too deep (MH_CALL_DEPTH).
-- Called by: publish, validate.
create or replace function meshhook_engine.check_calls(p_project int, p_definition jsonb) returns meshhook_engine.problem[]
language plpgsql stable as $$
declare
  v_problems meshhook_engine.problem[];
begin
  if not jsonb_path_exists(p_definition, '$.nodes.**.type ? (@ == "call")') then
    return '{}';
  end if;
  with recursive own as (
    select path, node ->> 'workflow' as workflow, node ->> 'version' as version
    from (
      select meshhook_engine.pointer('/nodes', n.key) as path, coalesce(n.value -> 'with', '{}') as node
      from jsonb_each(case jsonb_typeof(p_definition -> 'nodes') when 'object' then p_definition -> 'nodes' end) n where n.value -> 'type' = '"call"'
      union all
      select '/nodes', x.value -> 'with' from jsonb_path_query(p_definition, '$.nodes.*.with.**.nodes.* ? (@.type == "call")') x(value)
    ) c
  ),
  reach as (
    select o.path, array[p_definition ->> 'name', o.workflow] as way, o.workflow, coalesce(o.version, 'latest') as version from own o
    union all
    select r.path, r.way || (n.node ->> 'workflow'), n.node ->> 'workflow', n.node ->> 'version'
    from reach r
    join meshhook.workflows w on w.project_id = p_project and w.name = r.workflow
    join meshhook.workflow_versions v on v.workflow_id = w.id
      and v.version = case when r.version ~ '^[0-9]{1,9}$' then r.version::int else w.live_version end
    cross join lateral jsonb_array_elements(v.compiled -> 'nodes') n(node)
    where n.node ->> 'type' = 'call' and cardinality(r.way) <= 20
      and not (r.workflow = p_definition ->> 'name' and r.version = 'latest')
      and array_position(r.way, r.workflow) = cardinality(r.way)
  )
  select coalesce(array_agg(p), '{}') into v_problems
  from (
    select meshhook_engine.problem('MH_DEF_CALL_UNKNOWN', o.path || '/with/workflow', null, case
      when w.id is null then format('the project has no workflow "%s" yet', left(o.workflow, 80))
      else format('workflow "%s" has no version %s yet', left(o.workflow, 80), coalesce(nullif(o.version, 'latest'), 'that is published')) end, 'warning') as p
    from own o
    left join meshhook.workflows w on w.project_id = p_project and w.name = o.workflow
    where o.workflow is distinct from p_definition ->> 'name'
      and not exists (
        select from meshhook.workflow_versions v
        where v.workflow_id = w.id and v.version::text = case when coalesce(o.version, 'latest') = 'latest' then w.live_version::text else o.version end)
    union all
    select distinct on (r.path) meshhook_engine.problem('MH_DEF_CALL_CYCLE', r.path || '/with/workflow', null,
      'runs would call each other in a circle: ' || array_to_string(r.way, ' -> '))
    from reach r where r.workflow = p_definition ->> 'name' and r.version = 'latest'
  ) found;
  return v_problems;
end $$;
