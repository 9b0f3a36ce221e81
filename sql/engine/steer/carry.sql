-- What a run that goes from a step on takes along of another one: the results of all steps that the step does not lead to, as far
-- as the other run has them, and which ports they took. Of a step that the new version does not know, or knows as another
-- type, nothing. p_nodes are those of the version to be run, p_then those of the version that the run was pinned to.
-- Reads the log. Called by: repeat.
create or replace function meshhook_engine.carry(
  p_run meshhook.runs, p_from text, p_nodes meshhook_engine.node[], p_then meshhook_engine.node[])
returns jsonb
language plpgsql stable as $$
declare
  v_again   boolean[] := array_fill(false, array[cardinality(p_nodes)]);  -- the step and what it leads to
  v_kept    boolean[] := v_again;
  v_copied  jsonb := '{}';
  v_outputs jsonb;
  v_letter  text;
  v_old     int;
  v_ports   jsonb;
  v_default text[];
  node      meshhook_engine.node;
  was       meshhook_engine.node;
begin
  v_outputs := meshhook_engine.recall_steps(p_run.id, p_run.frontier -> 'at', array(select jsonb_object_keys(p_run.frontier -> 'at')));
  for i in 1 .. cardinality(p_nodes) loop  -- topological order
    node := p_nodes[i];
    v_again[i] := node.id = p_from or exists (select from unnest(node.sources) s where s > 0 and v_again[s]);
    continue when v_again[i];
    continue when node.spec ? 'loop';  -- the loop it is in stands for it
    v_old := (select t.pos from unnest(p_then) with ordinality t(id, kind, mask, steps, any_join, go_on, on_failure, ins, sources, next_edges, next_nodes, next_ports, spec, pos)
              where t.id = node.id and t.kind = node.kind and not t.spec ? 'loop');
    continue when v_old is null;
    v_letter := substr(p_run.frontier ->> 'n', v_old, 1);
    continue when not (v_letter = 's' or (v_letter = 'f' and node.id is distinct from split_part(p_run.error ->> 'step', '[', 1)));
    -- Its only way in must be settled as well, or it would be decided on once more.
    continue when cardinality(node.ins) = 1 and node.sources[1] > 0 and not v_kept[node.sources[1]];
    v_kept[i] := true;
    was := p_then[v_old];
    v_ports := (
      select coalesce(jsonb_agg(distinct p.port), '[]') from unnest(was.next_edges, was.next_ports) p(edge, port)
      where substr(p_run.frontier ->> 'e', p.edge, 1) = 't');
    -- Of ports that had no edge then, those that the result means.
    v_default := case
      when v_letter = 'f' then array[case when node.on_failure then 'error' else 'out' end]
      when node.kind = 'branch' then array(select jsonb_array_elements_text(v_outputs -> node.id))
      else '{out}' end;
    v_ports := v_ports || to_jsonb(array(select d from unnest(v_default) d where not d = any (was.next_ports)));
    v_copied := v_copied || jsonb_build_object(node.id, jsonb_build_object('letter', v_letter, 'ports', v_ports, 'output', v_outputs -> node.id));
  end loop;
  return v_copied;
end $$;
