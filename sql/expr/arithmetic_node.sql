-- arithmetic_node: a run of arithmetic that is worked off from left to right, ["a", first, op, position, operand, ...], so
--   that a long sum is not a deep tree; constants at its beginning are folded when that is safe.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.arithmetic_node(head jsonb, rest jsonb[])
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  plain boolean := left(head ->> 0, 1) = '.';
  folded int := 0;
  op text;
  operand jsonb;
begin
  for i in 1 .. cardinality(rest) by 3 loop
    op := rest[i] #>> '{}';
    operand := rest[i + 2];
    if folded = i - 1 and head ->> 0 = '.=' and operand ->> 0 = '.='
       and jsonb_typeof(head -> 1) = 'number' and jsonb_typeof(operand -> 1) = 'number'
       and meshhook_expr.in_range((head -> 1)::numeric) and meshhook_expr.in_range((operand -> 1)::numeric)
       and not (op in ('/', '//', '%') and operand -> 1 = '0') then
      head := jsonb_build_array('.=', meshhook_expr.arithmetic(head -> 1, op, operand -> 1, null));
      folded := i + 2;
    end if;
    plain := plain and left(operand ->> 0, 1) = '.';
  end loop;
  if folded = cardinality(rest) then
    return head;
  elsif ltrim(head ->> 0, '.') = 'a' then
    head := jsonb_set(head, '{0}', '"a"');
  else
    head := jsonb_build_array('a', head);
  end if;
  head := head || to_jsonb(rest[folded + 1:]);
  return case when plain then jsonb_set(head, '{0}', '".a"') else head end;
end
$$;
