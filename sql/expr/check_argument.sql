-- check_argument: true, or raises MH_EXPR_TYPE unless argument number `nr` of a call ("f" node) has a type that the function takes.
-- Called by: light, run. Reads nothing.
create or replace function meshhook_expr.check_argument(call jsonb, nr int, value jsonb)
returns boolean
language plpgsql immutable parallel safe
as $$
declare
  takes text := call -> 4 ->> least(nr, jsonb_array_length(call -> 4)) - 1;
  sort text := jsonb_typeof(value);
begin
  if takes <> '' and strpos(takes, case sort when 'null' then 'z' else left(sort, 1) end) = 0 then
    perform meshhook_expr.fail('MH_EXPR_TYPE', format('%s() needs %s as argument %s, not %s', call ->> 2,
      case takes when 's' then 'a string' when 'n' then 'a number' when 'a' then 'an array' when 'o' then 'an object'
                 when 'sa' then 'a string or an array' else 'a string, an array or an object' end, nr, sort), (call ->> 3)::int);
  end if;
  return true;
end
$$;
