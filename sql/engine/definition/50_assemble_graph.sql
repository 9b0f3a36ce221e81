-- The compiled form of one graph: the workflow's own, or the body of a loop, which then stands within its node until flatten
-- puts it behind the others. Numbers of nodes and edges are those within the graph.
-- Called by: read_graph.
create or replace function meshhook_engine.assemble_graph(
  p_ids text[], p_forms jsonb[], p_uses jsonb[], p_order int[], p_from int[], p_to int[], p_port text[], p_in_loop boolean)
returns jsonb
language sql immutable as $$
  with spot as materialized (
    select n, (ord - 1)::int as i from unnest(p_order) with ordinality o (n, ord)
    union all select 0, -1
  ),
  edge as materialized (
    select (ord - 1)::int as e, f.i as f, t.i as t, port
    from unnest(p_from, p_to, p_port) with ordinality x (f, t, port, ord)
    join spot f on f.n = x.f
    join spot t on t.n = x.t
  ),
  inward as (select t as i, jsonb_agg(e order by e) as edges from edge group by t),
  outward as (
    select i, jsonb_object_agg(port, edges) as ports
    from (select f as i, port, jsonb_agg(e order by e) as edges from edge group by f, port) p
    group by i
  ),
  onward as (select f as i, jsonb_agg(jsonb_build_array(e, t, port) order by e) as hops from edge group by f),
  needs as (
    select u.n::int as n, n.needs
    from unnest(p_uses) with ordinality u (uses, n)
    cross join lateral (
      select jsonb_build_object(
        'trigger', coalesce(bool_or((use #> '{refs,trigger}')::boolean), false),
        'input', coalesce(bool_or((use #> '{refs,input}')::boolean), false),
        'run', coalesce(bool_or((use #> '{refs,run}')::boolean), false),
        'vars', coalesce(bool_or((use #> '{refs,vars}')::boolean), false),
        'steps', case when bool_or(use #> '{refs,steps}' @> '"*"') then '["*"]'
          else coalesce(jsonb_agg(distinct step) filter (where step is not null), '[]') end)
        || case when p_in_loop then jsonb_build_object('item', coalesce(bool_or((use #> '{refs,item}')::boolean or (use #> '{refs,index}')::boolean), false))
          else '{}' end as needs
      from (select use from jsonb_array_elements(u.uses) use where not use ? 'inner') own  -- a body's nodes have needs of their own
      left join lateral jsonb_array_elements(use #> '{refs,steps}') step on true
    ) n
  ),
  node as materialized (
    select s.i, p_forms[s.n] || jsonb_build_object(
      'in', coalesce(i.edges, '[]'), 'out', coalesce(o.ports, '{}'), 'next', coalesce(w.hops, '[]'), 'needs', d.needs) as form
    from spot s
    left join inward i on i.i = s.i
    left join outward o on o.i = s.i
    left join onward w on w.i = s.i
    left join needs d on d.n = s.n
    where s.i >= 0
  )
  select jsonb_build_object(
    'nodes', (select jsonb_agg(form order by i) from node),
    'edges', (select jsonb_agg(jsonb_build_array(f, t, port) order by e) from edge),
    'start', (select jsonb_agg(e order by e) from edge where f = -1),
    'ends', (select coalesce(jsonb_agg(i order by i), '[]') from node where form -> 'next' = '[]'))
$$;
