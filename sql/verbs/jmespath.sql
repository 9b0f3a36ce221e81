-- jmespath: evaluates a JMESPath expression over a document, exactly as a workflow does.
-- Guarantees: immutable and parallel safe, so an index may stand on it; no time, randomness, tables or I/O.
--   Raises MH422 MH_EXPR_* with code and position.
-- Called by: people, and the console's preview. Reads nothing, locks nothing, notifies nothing.
create or replace function meshhook.jmespath(expression text, document jsonb)
returns jsonb
language plpgsql immutable parallel safe strict
as $$
begin
  return meshhook_expr.eval(meshhook_expr.parse(expression), document);
end
$$;
comment on function meshhook.jmespath(text, jsonb) is
  'Evaluates a JMESPath (Community) expression over a JSON document: select meshhook.jmespath(''items[?price > `10`].name'', document).';
