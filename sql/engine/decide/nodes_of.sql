-- The nodes of a compiled definition as the state machine walks them. Called by: publish, which keeps
-- the answer with the version.
create or replace function meshhook_engine.nodes_of(p_compiled jsonb) returns meshhook_engine.node[]
language sql immutable as $$
  select array_agg(row(
    n.spec ->> 'id',
    n.spec ->> 'type',
    concat(
      case when (n.spec #> '{needs,trigger}')::boolean then 'T' end,
      case when (n.spec #> '{needs,input}')::boolean then 'I' end,
      case when (n.spec #> '{needs,run}')::boolean then 'R' end,
      case when (n.spec #> '{needs,vars}')::boolean then 'V' end,
      case when n.spec #> '{needs,steps}' <> '[]' then 'S' end,
      case when (n.spec #> '{needs,item}')::boolean then 'E' end),
    array(select jsonb_array_elements_text(n.spec #> '{needs,steps}')),
    n.spec ->> 'join' = 'any',
    n.spec ->> 'on_error' = 'continue',
    n.spec #> '{out,error,0}' is not null,
    array(select e::int + 1 from jsonb_array_elements_text(n.spec -> 'in') with ordinality i(e, o) order by o),
    array(select (case when n.spec ? 'loop' then p_compiled #> array['nodes', n.spec ->> 'loop', 'body', 'edges', e, '0'] else p_compiled #> array['edges', e, '0'] end)::int + 1 from jsonb_array_elements_text(n.spec -> 'in') with ordinality i(e, o) order by o),
    array(select (h -> 0)::int + 1 from jsonb_array_elements(n.spec -> 'next') with ordinality i(h, o) order by o),
    array(select (h -> 1)::int + 1 from jsonb_array_elements(n.spec -> 'next') with ordinality i(h, o) order by o),
    array(select h ->> 2 from jsonb_array_elements(n.spec -> 'next') with ordinality i(h, o) order by o),
    n.spec)::meshhook_engine.node order by n.ord)
  from jsonb_array_elements(p_compiled -> 'nodes') with ordinality n(spec, ord)
$$;
