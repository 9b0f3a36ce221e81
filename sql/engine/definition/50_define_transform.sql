-- transform: checks and compiles its `with`. Exactly one of expr and template.
-- Called by: define_node.
create or replace function meshhook_engine.define_transform(
  p_with jsonb, p_path text, p_node text,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_read record;
begin
  ports := '["out", "error"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{"expr": {"is": "any"}, "template": {"is": "any"}}', p_path, p_node);
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  if p_with ? 'expr' = p_with ? 'template' then
    problems := problems || meshhook_engine.problem('MH_DEF_ONE_OF', p_path, p_node, 'a transform takes exactly one of expr and template');
  end if;
  if p_with ? 'expr' then
    select * into v_read from meshhook_engine.read_expression(p_with -> 'expr', p_path || '/expr', p_node);
    compiled := jsonb_build_object('expr', v_read.tree);
    uses := uses || jsonb_build_object('path', p_path || '/expr', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
  if p_with ? 'template' then
    select * into v_read from meshhook_engine.read_template(p_with -> 'template', p_path || '/template', p_node);
    compiled := jsonb_build_object('template', v_read.template);
    uses := uses || jsonb_build_object('path', p_path || '/template', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
end $$;
