-- The edges of a definition: what is wrong with them, and the good ones as arrays of node numbers and ports.
-- p_path leads to the graph: '' or that of a loop's body. Called by: read_graph.
drop function if exists meshhook_engine.read_edges(jsonb, text[], jsonb[]);
create or replace function meshhook_engine.read_edges(
  p_edges jsonb, p_ids text[], p_ports jsonb[], p_path text,
  out problems meshhook_engine.problem[], out froms int[], out tos int[], out ports text[])
language sql immutable as $$
  with node (id, ports, n) as materialized (
    select * from unnest(p_ids, p_ports) with ordinality
    union all select 'trigger', '["out"]', 0
  ),
  raw as materialized (
    select ordinality - 1 as i, value as edge, jsonb_typeof(value) = 'object' as is_object,
      case when jsonb_typeof(value -> 'from') = 'string' then value ->> 'from' end as source,
      case when jsonb_typeof(value -> 'to') = 'string' then value ->> 'to' end as target,
      case when not value ? 'port' then 'out' when jsonb_typeof(value -> 'port') = 'string' then value ->> 'port' end as port
    from jsonb_array_elements(p_edges) with ordinality
  ),
  edge as materialized (
    select r.*, f.n as f, t.n as t, f.ports,
      row_number() over (partition by r.source, r.port, r.target order by r.i) > 1 as again
    from raw r
    left join node f on f.id = r.source
    left join node t on t.id = r.target and t.n > 0
  ),
  problem (i, p) as (
    select i, unnest(meshhook_engine.check_fields(edge, '{
      "from": {"is": "text", "max": 1000}, "to": {"is": "text", "max": 1000},
      "port": {"is": "text", "max": 1000}}', p_path || '/edges/' || i, null, '{from,to}'))
    from edge where source is null or target is null or port is null or not is_object or edge - array['from', 'to', 'port'] <> '{}'
    union all
    select i, meshhook_engine.problem('MH_DEF_EDGE_DANGLING', p_path || '/edges/' || i || '/from', null, format('there is no node "%s"', left(source, 80)))
    from edge where source is not null and f is null
    union all
    select i, meshhook_engine.problem('MH_DEF_EDGE_DANGLING', p_path || '/edges/' || i || '/to', null,
      case target when 'trigger' then 'no edge leads back to "trigger"' else format('there is no node "%s"', left(target, 80)) end)
    from edge where target is not null and t is null
    union all
    select i, meshhook_engine.problem('MH_DEF_EDGE_PORT', p_path || '/edges/' || i || case when edge ? 'port' then '/port' else '' end, source,
      case when ports = '[]' then format('"%s" ends the run: no edge leaves it', source)
      else format('"%s" has no port "%s"; it has %s', left(source, 80), left(port, 80), (select string_agg(name, ', ') from jsonb_array_elements_text(ports) name)) end)
    from edge where not ports ? port
    union all
    select i, meshhook_engine.problem('MH_DEF_EDGE_DUPLICATE', p_path || '/edges/' || i, source,
      format('the edge from "%s" port "%s" to "%s" is there already', left(source, 80), left(port, 80), left(target, 80)))
    from edge where again and source is not null and target is not null and port is not null
  )
  select
    coalesce((select array_agg(p order by i) from (select * from problem order by i limit 2000) few), '{}'),
    coalesce(array_agg(f::int order by i), '{}'), coalesce(array_agg(t::int order by i), '{}'), coalesce(array_agg(port order by i), '{}')
  from edge
  where f is not null and t is not null and port is not null and not again
$$;
