-- What a decision asks for of loops under way, out of the log, added to the outputs at hand (as handed_on leaves them):
--   .item L[i]   the items of L from i on: the piece it stands in, and p_ahead - 1 pieces behind it, as they stand in the log:
--                to unpack them would cost more than all else about an answer
--   .done L      results of the iterations of L; those of this commit are at hand already. "*" says that the log was read
--   L[i].step    the output of a step of an iteration that waits
-- Reads by primary key. What is gone counts as null: verify names the gap. Called by: advance.
create or replace function meshhook_engine.recall_loops(
  p_run uuid, p_nodes meshhook_engine.node[], p_frontier jsonb, p_steps jsonb, p_missing text[], p_ahead int) returns jsonb
language plpgsql stable as $$
declare
  v_name  text;
  v_loop  text;
  v_state jsonb;
  v_index int;
  v_first int;
  v_per   int;
  v_piece int;
  v_scope text;
  v_more  jsonb;
begin
  foreach v_name in array p_missing loop
    v_more := null;
    if v_name like '.item %' then
      v_scope := substr(v_name, 7);
      v_loop := meshhook_engine.loop_of(v_scope);
      v_state := p_frontier #> array['loops', v_loop];
      v_index := substring(v_scope from '\[(\d+)\]$')::int;
      v_first := (v_state -> 'b')::int;
      v_per := (v_state -> 'k')::int;
      v_piece := (v_index - v_first) / v_per;
      v_more := jsonb_build_object(v_first + v_piece * v_per, '[]'::jsonb) || coalesce((
        select jsonb_object_agg(f.data ->> 'from', f.data -> 'items')
        from meshhook_engine.facts(p_run, array(
          select (v_state -> 'q')::int + v_piece + a from generate_series(0, p_ahead - 1) a
          where v_first + (v_piece + a) * v_per < (v_state -> 'size')::int)) f
        where f.type = 'loop.started' and f.step = v_loop and f.data ? 'from'), '{}');
      p_steps := p_steps || jsonb_build_object('.pieces', coalesce(p_steps -> '.pieces', '{}') || jsonb_build_object(
        v_loop, coalesce(p_steps #> array['.pieces', v_loop], '{}') || v_more));
    elsif v_name like '.done %' then
      v_loop := substr(v_name, 7);
      v_state := p_frontier #> array['loops', v_loop];
      v_more := meshhook_engine.loop_results(p_run, p_nodes, (v_state -> 'i')::int, v_loop, (v_state -> 's')::int, 2147483647)
        || coalesce(p_steps #> array['.done', v_loop], '{}') || '{"*": true}';
      p_steps := p_steps || jsonb_build_object('.done', coalesce(p_steps -> '.done', '{}') || jsonb_build_object(v_loop, v_more));
    elsif v_name like '%].%' then
      v_scope := substring(v_name from '^(.*)\.[^.]+$');
      v_more := meshhook_engine.recall_steps(p_run, jsonb_build_object(v_name, p_frontier #> array['its', v_scope, 'at', substr(v_name, length(v_scope) + 2)]), array[v_name]);
      p_steps := p_steps || jsonb_build_object('.local', coalesce(p_steps -> '.local', '{}') || jsonb_build_object(
        v_scope, coalesce(p_steps #> array['.local', v_scope], '{}') || jsonb_build_object(substr(v_name, length(v_scope) + 2), v_more -> v_name)));
    end if;
  end loop;
  return p_steps;
end $$;
