-- projection_body: what a projection applies to every element, from token `at` on; JSON null when it applies nothing.
-- Guarantees: a projection ends at every operator that binds weaker than a bracket or a dot. `weight` is the price of
--   one application in evaluation steps.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.projection_body(
  tok text[], kind text[], pos int[], at int, bind int, depth int, scope text[], origin jsonb,
  out node jsonb, out weight int, out nxt int)
language plpgsql immutable parallel safe
as $$
declare
  r record;
begin
  if kind[at] in ('.', '[', '[?') then
    r := meshhook_expr.expression(tok, kind, pos, at, bind, depth + 1, scope, '[".@"]', origin);
    node := case when r.node = '[".@"]' then 'null' else r.node end;
    nxt := r.nxt;
  else
    node := 'null';
    nxt := at;
  end if;
  weight := meshhook_expr.weight(node);
end
$$;
