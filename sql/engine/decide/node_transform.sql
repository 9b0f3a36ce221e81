-- transform: the value of an expression, or of a JSON template.
create or replace function meshhook_engine.node_transform(p_node jsonb, p_root jsonb) returns jsonb
language plpgsql immutable as $$
begin
  if p_node ? 'expr' then
    return meshhook_expr.eval(p_node -> 'expr', p_root);
  end if;
  return meshhook_expr.render(p_node -> 'template', p_root);
end $$;
