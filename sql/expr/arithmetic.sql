-- arithmetic: l op r for + - * / % //.
-- Guarantees: exact for + - * and for whole results; a quotient that does not end has at least 20 significant digits
--   (numeric's own rule). // rounds down, % has the sign of its left side. Trailing zeros are dropped. Non-numbers, a
--   division by zero and numbers beyond 10^1000 are errors.
-- Called by: run, arithmetic_node. Reads nothing.
create or replace function meshhook_expr.arithmetic(l jsonb, op text, r jsonb, place int)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  a numeric;
  b numeric;
begin
  if jsonb_typeof(l) <> 'number' or jsonb_typeof(r) <> 'number' then
    return meshhook_expr.fail('MH_EXPR_TYPE', format('%s needs two numbers, not %s and %s', op, jsonb_typeof(l), jsonb_typeof(r)), place);
  end if;
  a := l::numeric;
  b := r::numeric;
  if not meshhook_expr.in_range(a) or not meshhook_expr.in_range(b) then
    return meshhook_expr.fail('MH_EXPR_VALUE', 'the number is too large to calculate with', place);
  end if;
  if op = '+' then
    return to_jsonb(trim_scale(a + b));
  elsif op = '-' then
    return to_jsonb(trim_scale(a - b));
  elsif op = '*' then
    return to_jsonb(trim_scale(a * b));
  elsif b = 0 then
    return meshhook_expr.fail('MH_EXPR_NOT_A_NUMBER', 'division by zero', place);
  elsif op = '/' then
    return to_jsonb(trim_scale(a / b));
  elsif op = '%' then
    return to_jsonb(trim_scale(a % b));
  end if;
  return to_jsonb(trim_scale(div(a, b) - case when a % b <> 0 and (a < 0) <> (b < 0) then 1 else 0 end));
end
$$;
