-- leaf: the value of a node that needs no further evaluation (paths, constants, the current value); SQL NULL for others.
-- Guarantees: one expression, no recursion. PL/pgSQL takes a slow way for an expression that is entered while it is being
--   evaluated; therefore operands are read here and not by a nested eval.
-- Called by: eval. Reads nothing.
create or replace function meshhook_expr.leaf(tree jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  return case tree ->> 0
    when '.1' then coalesce(root[tree ->> 1], 'null')
    when '.2' then coalesce(root[tree ->> 1][tree ->> 2], 'null')
    when '.3' then coalesce(root[tree ->> 1][tree ->> 2][tree ->> 3], 'null')
    when '.4' then coalesce(root[tree ->> 1][tree ->> 2][tree ->> 3][tree ->> 4], 'null')
    when '.=' then tree -> 1
    when '.p' then coalesce(root #> ((tree ->> 1)::text[]), 'null')
    when '.x' then case when jsonb_typeof(root #> ((tree ->> 1)::text[])) = 'array' then coalesce(root #> ((tree ->> 2)::text[]), 'null') else 'null' end
    when '.k' then coalesce(root -> (tree ->> 1), 'null')
    when '.@' then root
  end;
end
$$;
