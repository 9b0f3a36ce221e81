-- What a start needs to know of live versions, one row a workflow: the graph without its nodes, and the nodes as an array,
-- unpacked once for the whole group. Called by: accept, start.
create or replace function meshhook_engine.targets(p_workflows int[])
returns table (workflow_id int, name text, version_id int, version int, graph jsonb, nodes jsonb[])
language plpgsql stable as $$
begin
  return query
    select w.id, w.name, v.id, v.version, v.compiled - 'nodes', array(select jsonb_array_elements(v.compiled -> 'nodes'))
    from meshhook.workflows w
    join meshhook.workflow_versions v on v.workflow_id = w.id and v.version = w.live_version
    where w.id = any (p_workflows) and w.enabled
    order by w.id;
end $$;
