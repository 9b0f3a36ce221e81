-- each: checks and compiles its `with`. The body (`do`) is a graph of its own, read as the workflow's is; loops may stand in
-- loops, three deep. What the body reads from outside is among the uses, marked inner.
-- Called by: define_node.
create or replace function meshhook_engine.define_each(
  p_with jsonb, p_path text, p_node text, p_depth int, p_names text[],
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_do    jsonb := p_with -> 'do';
  v_read  record;
  v_items jsonb;
  v_body  record;
begin
  ports := '["out", "error"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{
    "items": {"is": "any"}, "do": {"is": "any"}, "concurrency": {"is": "int", "min": 1, "max": 100},
    "on_error": {"is": "choice", "of": ["fail", "collect"]}}', p_path, p_node, '{items,do}');
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  if p_with ? 'items' then
    select * into v_read from meshhook_engine.read_expression(p_with -> 'items', p_path || '/items', p_node);
    problems := problems || v_read.problems;
    uses := uses || jsonb_build_object('path', p_path || '/items', 'refs', v_read.refs);
    v_items := v_read.tree;
  end if;
  if p_with ? 'do' then
    problems := problems || meshhook_engine.check_fields(v_do, '{
      "nodes": {"is": "object"}, "edges": {"is": "array", "max": 100000}}', p_path || '/do', p_node, '{nodes,edges}');
  end if;
  if p_depth >= 3 then
    problems := problems || meshhook_engine.problem('MH_DEF_LOOP_DEPTH', p_path, p_node, 'a loop within three loops: at most three may stand in each other');
  elsif jsonb_typeof(v_do -> 'nodes') = 'object' and jsonb_typeof(v_do -> 'edges') = 'array' then
    v_body := meshhook_engine.read_graph(v_do -> 'nodes', v_do -> 'edges', p_path || '/do', p_depth + 1, p_names, null, true);
    problems := problems || v_body.problems;
    uses := uses || v_body.uses;
    compiled := jsonb_build_object('body', v_body.graph);
  end if;
  compiled := coalesce(compiled, '{}') || jsonb_build_object(
    'items', v_items, 'concurrency', coalesce(p_with -> 'concurrency', '1'), 'collect', coalesce(p_with ->> 'on_error', 'fail') = 'collect');
end $$;
