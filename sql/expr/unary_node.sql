-- unary_node: !x, -x and +x; a number literal takes its sign at once.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.unary_node(op text, place int, operand jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if op = '!' then
    return meshhook_expr.operator_node('!', array[operand]);
  end if;
  if operand ->> 0 = '.=' and jsonb_typeof(operand -> 1) = 'number' then
    return jsonb_build_array('.=', case when op = '-' then to_jsonb(-(operand -> 1)::numeric) else operand -> 1 end);
  end if;
  return jsonb_build_array(case when left(operand ->> 0, 1) = '.' then '.sign' else 'sign' end, op, place, operand);
end
$$;
