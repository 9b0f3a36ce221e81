-- parse: an expression as a compact tree, ready for eval.
-- Guarantees: linear lexing, at most 10 000 characters and 100 levels; unknown functions, wrong argument counts and
--   unbound variables are found here. Raises MH422 with {"code","position"}.
-- Called by: validate and publish, jmespath, parse_template. Reads nothing, locks nothing, notifies nothing.
--
-- The tree is made of arrays whose first element names the operation. A leading dot means: depends on the current value
-- alone, needs no steps counted (eval answers these itself).
--   .p "{names}"   .k name    fields            .x "{path to array}" "{path}"   one array index
--   .@ current   .= value   .H1-.H8 key "{path}" …   .G {key: "{path}"}   objects of plain paths
--   == != < <= > >= a b   && || a b …   ! a   t cond a b   a first op position operand …   sign op position a
--   n? node (null stays null)   f family name position takes a …       all of these with and without the dot
--   c base step …  chain   $ root   $p "{path}" from the root   v name  variable
--   * weight body   % weight body   [] weight body   ? weight cond weight body   s* start stop step weight body   projections
--   l a b …   h key a …   let body name a …   by name position array weight expression
create or replace function meshhook_expr.parse(expression text)
returns jsonb
language plpgsql immutable parallel safe strict
as $$
begin
  return meshhook_expr.parse_at(expression, 0, null);
end
$$;
comment on function meshhook_expr.parse(text) is 'Parses a JMESPath expression into a tree for meshhook_expr.eval; raises MH422 with code and position.';
