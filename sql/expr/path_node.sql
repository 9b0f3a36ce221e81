-- path_node: the node that reads a chain of field names with one #>: [".p", "{a,b,c}"], the names as a text[] literal.
-- Guarantees: no name that looks like a number is ever part of such a node (#> would take it for an array index);
--   those are `.k` nodes.
-- Called by: join_steps, expression, parse_at. Reads nothing.
create or replace function meshhook_expr.path_node(keys text[])
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if cardinality(keys) = 1 and keys[1] ~ '^\s*[-+]?[0-9]' then
    return jsonb_build_array('.k', keys[1]);
  end if;
  return jsonb_build_array('.p', keys::text);
end
$$;
