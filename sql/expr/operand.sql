-- operand: the value of an operand: a path or a constant at once, anything else through eval.
-- Guarantees: an operand is read within the expression that needs it; PL/pgSQL takes a slow way for an expression of eval
--   that is entered again while it is being evaluated, which this avoids for the operands that nearly all have.
-- Called by: eval, light. Reads nothing.
create or replace function meshhook_expr.operand(tree jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if tree ->> 0 = '.p' then
    return coalesce(root #> ((tree ->> 1)::text[]), 'null');
  elsif tree ->> 0 = '.=' then
    return tree -> 1;
  end if;
  return meshhook_expr.eval(tree, root);
end
$$;
