-- in_range: whether a number is small enough to be calculated with (below 10^1000), so that no result overflows numeric.
-- Called by: arithmetic, arithmetic_node, call_array, call_number. Reads nothing.
create or replace function meshhook_expr.in_range(x numeric)
returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return x < 1e1000 and x > -1e1000;
end
$$;
