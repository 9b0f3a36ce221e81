-- The frontier that a run begins with which takes recorded results along: p_copied is {step: {letter, ports, output}}; whatever
-- is not in it is pending. The results stand in the log's first event.
-- Called by: new_run, refold.
create or replace function meshhook_engine.carried(p_graph jsonb, p_nodes meshhook_engine.node[], p_copied jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_n    text := repeat('.', coalesce((p_graph -> 'size')::int, cardinality(p_nodes)));
  v_e    text := repeat('.', jsonb_array_length(p_graph -> 'edges'));
  v_at   jsonb := '{}';
  v_copy jsonb;
  node   meshhook_engine.node;
begin
  for k in 0 .. jsonb_array_length(p_graph -> 'start') - 1 loop
    v_e := overlay(v_e placing 't' from (p_graph -> 'start' -> k)::int + 1 for 1);
  end loop;
  for i in 1 .. cardinality(p_nodes) loop
    node := p_nodes[i];
    v_copy := p_copied -> node.id;
    continue when v_copy is null;
    v_n := overlay(v_n placing (v_copy ->> 'letter') from i for 1);
    v_at := v_at || jsonb_build_object(node.id, 1);
    for k in 1 .. cardinality(node.next_edges) loop
      v_e := overlay(v_e placing case when v_copy -> 'ports' ? node.next_ports[k] then 't' else 'x' end from node.next_edges[k] for 1);
    end loop;
  end loop;
  return jsonb_build_object('n', v_n, 'e', v_e, 'at', v_at, 'open', '{}'::jsonb, 'rest', meshhook_engine.ready_nodes(v_n, v_e, p_nodes));
end $$;
