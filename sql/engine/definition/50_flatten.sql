-- A compiled graph with the bodies of its loops put behind its nodes, one behind the other, so that one number names any node.
-- Without loops it stays as it is. Else `size` is how many nodes are the workflow's own; a node within a loop says which (loop);
-- and a loop's body is left with what the state machine asks of it:
--   first, count   where its nodes begin, counted from 0, and how many they are
--   edges          [from, to, port], -1 for the beginning of an iteration
--   blank, begin   the letters of its edges at the beginning, and the nodes (from 1) that those taken lead to
--   ends           ids of nodes that no edge leaves
-- Called by: read_definition.
create or replace function meshhook_engine.flatten(p_graph jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_nodes jsonb[] := array(select jsonb_array_elements(p_graph -> 'nodes'));
  v_size  int := cardinality(v_nodes);
  v_body  jsonb;
  v_first int;
  k       int := 0;
begin
  while k < cardinality(v_nodes) loop
    k := k + 1;
    v_body := v_nodes[k] -> 'body';
    continue when v_body is null;
    v_first := cardinality(v_nodes);
    v_nodes := v_nodes || array(
      select n.node || jsonb_build_object('loop', k - 1, 'next', (
        select coalesce(jsonb_agg(jsonb_build_array(h.hop -> 0, (h.hop -> 1)::int + v_first, h.hop -> 2) order by h.ord), '[]')
        from jsonb_array_elements(n.node -> 'next') with ordinality h(hop, ord)))
      from jsonb_array_elements(v_body -> 'nodes') with ordinality n(node, ord) order by n.ord);
    v_nodes[k] := v_nodes[k] || jsonb_build_object('body', jsonb_build_object(
      'first', v_first, 'count', jsonb_array_length(v_body -> 'nodes'),
      'edges', (
        select jsonb_agg(jsonb_build_array(case when e.edge -> 0 = '-1' then -1 else (e.edge -> 0)::int + v_first end, (e.edge -> 1)::int + v_first, e.edge -> 2) order by e.ord)
        from jsonb_array_elements(v_body -> 'edges') with ordinality e(edge, ord)),
      'blank', (
        select string_agg(case when e.edge -> 0 = '-1' then 't' else '.' end, '' order by e.ord)
        from jsonb_array_elements(v_body -> 'edges') with ordinality e(edge, ord)),
      'begin', (
        select jsonb_agg((v_body #> array['edges', s.e, '1'])::int + v_first + 1 order by s.ord)
        from jsonb_array_elements_text(v_body -> 'start') with ordinality s(e, ord)),
      'ends', (
        select coalesce(jsonb_agg(v_body #> array['nodes', s.i, 'id'] order by s.ord), '[]')
        from jsonb_array_elements_text(v_body -> 'ends') with ordinality s(i, ord))));
  end loop;
  return case when cardinality(v_nodes) = v_size then p_graph
    else p_graph || jsonb_build_object('nodes', to_jsonb(v_nodes), 'size', v_size) end;
end $$;
