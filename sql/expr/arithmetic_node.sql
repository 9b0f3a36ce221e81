-- arithmetic_node: appends an operator and its operand to a run of arithmetic that is worked off from left to right
--   (["a" or ".a", first, op, position, operand, ...]), so that a long sum is not a deep tree; constants are folded when that is safe.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.arithmetic_node(head jsonb, op text, place int, operand jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if head ->> 0 = '.=' and operand ->> 0 = '.=' and jsonb_typeof(head -> 1) = 'number' and jsonb_typeof(operand -> 1) = 'number'
     and meshhook_expr.in_range((head -> 1)::numeric) and meshhook_expr.in_range((operand -> 1)::numeric)
     and not (op in ('/', '//', '%') and operand -> 1 = '0') then
    return jsonb_build_array('.=', meshhook_expr.arithmetic(head -> 1, op, operand -> 1, place));
  end if;
  if ltrim(head ->> 0, '.') <> 'a' then
    head := jsonb_build_array(case when left(head ->> 0, 1) = '.' then '.a' else 'a' end, head);
  end if;
  if head ->> 0 = '.a' and left(operand ->> 0, 1) <> '.' then
    head := jsonb_set(head, '{0}', '"a"');
  end if;
  return head || jsonb_build_array(op, place, operand);
end
$$;
