-- each: the items to go through. What is no array, or one of more than 10 000 items, is the step's failure.
create or replace function meshhook_engine.node_each(p_node jsonb, p_root jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_items jsonb := meshhook_expr.eval(p_node -> 'items', p_root);
begin
  if jsonb_typeof(v_items) <> 'array' then
    raise exception using
      errcode = 'MH422', message = format('MH_EACH_NOT_ARRAY: items is %s, not an array', meshhook_engine.quote(v_items)),
      detail = jsonb_build_object('code', 'MH_EACH_NOT_ARRAY', 'type', jsonb_typeof(v_items))::text,
      hint = 'Write an expression that gives an array; for null to mean no items: (...) || `[]`.';
  end if;
  if jsonb_array_length(v_items) > 10000 then
    raise exception using
      errcode = 'MH422', message = format('MH_EACH_TOO_MANY: %s items, at most 10000 are allowed', jsonb_array_length(v_items)),
      detail = jsonb_build_object('code', 'MH_EACH_TOO_MANY', 'count', jsonb_array_length(v_items), 'limit', 10000)::text,
      hint = 'Narrow the expression, or start a run for each part.';
  end if;
  return v_items;
end $$;
