-- What a start needs to know of live versions, one row a workflow: the graph without its nodes, and the nodes as an array,
-- unpacked once for the whole group. Called by: accept, start.
drop function if exists meshhook_engine.targets(int[]);
create function meshhook_engine.targets(p_workflows int[])
returns table (
  workflow_id int, name text, version_id int, version int, graph jsonb, nodes meshhook_engine.node[], deadline interval, limits jsonb, holds jsonb)
language plpgsql stable as $$
begin
  return query
    select w.id, w.name, v.id, v.version, v.compiled - 'nodes', coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)),
           make_interval(secs => nullif(v.compiled #> '{policy,deadline_ms}', 'null')::float8 / 1000), p.limits, v.compiled -> 'holds'
    from meshhook.workflows w
    join meshhook.projects p on p.id = w.project_id
    join meshhook.workflow_versions v on v.workflow_id = w.id and v.version = w.live_version
    where w.id = any (p_workflows) and w.enabled
    order by w.id;
end $$;
