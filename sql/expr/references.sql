-- references: what a tree reads from its document, told without evaluating it:
--   {"trigger","input","run","vars","item","index","secrets": boolean, "steps": [ids] or ["*"], "roots": [names]}.
-- Guarantees: never misses a read. The document used whole (@, $, *) counts as everything but secrets, which are never in
--   it; then "roots" holds "*".
-- Called by: validate and publish. Reads nothing.
create or replace function meshhook_expr.references(tree jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  return meshhook_expr.summary(meshhook_expr.reads(tree, true));
end
$$;
comment on function meshhook_expr.references(jsonb) is 'What a parsed expression reads from its document.';
