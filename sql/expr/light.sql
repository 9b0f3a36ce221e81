-- light: calls a function that costs next to nothing, over arguments that depend on the current value alone (".f" node).
-- Called by: eval. Reads nothing.
create or replace function meshhook_expr.light(call jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  args jsonb[] := '{}';
  value jsonb;
begin
  for i in 5 .. jsonb_array_length(call) - 1 loop
    value := meshhook_expr.operand(call -> i, root);
    if meshhook_expr.check_argument(call, i - 4, value) then
      args := array_append(args, value);
    end if;
    exit when call ->> 2 = 'not_null' and value <> 'null';
  end loop;
  return case call ->> 1
    when 'any' then meshhook_expr.call_any(call ->> 2, args)
    when 'string' then meshhook_expr.call_string(call ->> 2, args, (call ->> 3)::int)
    else meshhook_expr.call_number(call ->> 2, args, (call ->> 3)::int) end;
end
$$;
