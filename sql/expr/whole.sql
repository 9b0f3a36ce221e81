-- whole: a whole number, clamped to ±10^9 (longer than any string); SQL NULL stays NULL; a fraction is an error.
-- Called by: call_string. Reads nothing.
create or replace function meshhook_expr.whole(value jsonb, place int)
returns bigint
language plpgsql immutable parallel safe
as $$
declare
  x numeric := value::numeric;
begin
  if x <> trunc(x) then
    perform meshhook_expr.fail('MH_EXPR_VALUE', 'a whole number is needed here', place);
  end if;
  return case when x is not null then greatest(least(x, 1000000000), -1000000000)::bigint end;
end
$$;
