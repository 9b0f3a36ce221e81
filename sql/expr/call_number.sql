-- call_number: abs, ceil and floor.
-- Called by: run. Reads nothing.
create or replace function meshhook_expr.call_number(name text, args jsonb[], place int)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  x numeric := args[1]::numeric;
begin
  if not meshhook_expr.in_range(x) then
    return meshhook_expr.fail('MH_EXPR_VALUE', 'the number is too large to calculate with', place);
  end if;
  return to_jsonb(case name when 'abs' then abs(x) when 'ceil' then ceil(x) else floor(x) end);
end
$$;
