-- path_keys: the field names of a path node, in order.
-- Called by: join_steps, references, expression, parse_template. Reads nothing.
create or replace function meshhook_expr.path_keys(node jsonb)
returns text[]
language plpgsql immutable parallel safe
as $$
begin
  if node ->> 0 in ('.p', '$p') then
    return (node ->> 1)::text[];
  end if;
  return array(select k.value from jsonb_array_elements_text(node - 0) with ordinality k(value, nr) order by k.nr);
end
$$;
