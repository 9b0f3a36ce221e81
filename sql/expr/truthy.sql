-- truthy: false for null, false, "", [] and {}; true for everything else (0 is true).
-- Called by: eval, run. Reads nothing.
create or replace function meshhook_expr.truthy(value jsonb)
returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return case jsonb_typeof(value)
    when 'boolean' then value = 'true'
    when 'string' then value <> '""'
    when 'null' then false
    when 'array' then value <> '[]'
    when 'object' then value <> '{}'
    else true end;
end
$$;
