-- path_node: the node that reads a chain of field names: .1 to .4 hold the names themselves, .p a text[] literal.
-- Guarantees: no name that looks like a number is ever part of such a node (#> would take it for an array index);
--   those are `k` nodes.
-- Called by: join_steps, expression. Reads nothing.
create or replace function meshhook_expr.path_node(keys text[])
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if cardinality(keys) = 1 and keys[1] ~ '^\s*[-+]?[0-9]' then
    return jsonb_build_array('.k', keys[1]);
  elsif cardinality(keys) <= 4 then
    return to_jsonb(('.' || cardinality(keys)) || keys);
  end if;
  return jsonb_build_array('.p', keys::text);
end
$$;
