-- The pending nodes of a frontier that somebody must look at: ready ones, and those that every way to is dead. By position in
-- the graph, numbered from 1, as frontier.rest holds them. Called by: reopened, carried.
create or replace function meshhook_engine.ready_nodes(p_n text, p_e text, p_nodes meshhook_engine.node[]) returns jsonb
language plpgsql immutable as $$
declare
  v_ready jsonb := '[]';
  v_edges text;
  node    meshhook_engine.node;
begin
  for i in 1 .. cardinality(p_nodes) loop
    continue when substr(p_n, i, 1) <> '.';
    node := p_nodes[i];
    v_edges := (select string_agg(substr(p_e, k, 1), '') from unnest(node.ins) k);
    if position('.' in v_edges) = 0 or (node.any_join and position('t' in v_edges) > 0) then
      v_ready := v_ready || to_jsonb(i);
    end if;
  end loop;
  return v_ready;
end $$;
