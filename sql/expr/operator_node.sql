-- operator_node: comparisons, && || and the ternary. Folded when all operands are constants; the operator gets a leading
--   dot when every operand has one: then the node depends on the current value alone and takes the short way.
-- Called by: expression, unary_node. Reads nothing.
create or replace function meshhook_expr.operator_node(op text, operands jsonb[])
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  node jsonb;
begin
  if not exists (select from unnest(operands) o where left(o ->> 0, 1) <> '.') then
    node := jsonb_build_array('.' || op) || to_jsonb(operands);
    if not exists (select from unnest(operands) o where o ->> 0 <> '.=') then
      node := jsonb_build_array('.=', meshhook_expr.eval(node, 'null'));
    end if;
    return node;
  end if;
  return jsonb_build_array(op) || to_jsonb(operands);
end
$$;
