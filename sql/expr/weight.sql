-- weight: what one evaluation of a tree costs at most in steps, measured by its written size: a step for each
--   16 characters of the tree.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.weight(node jsonb)
returns int
language plpgsql immutable parallel safe
as $$
begin
  return 1 + octet_length(node::text) / 16;
end
$$;
