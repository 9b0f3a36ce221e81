-- fail: ends an evaluation or a compilation with an error of class MH422.
-- Guarantees: the message begins with the code; the detail is JSON with "code" and, where known, "position"
--   (1-based character). `origin` says where a template stands (its JSON path): then syntax errors are the template's.
--   Not immutable, so that no planner folds a call and raises it before its time.
-- Called by: everything in meshhook_expr. Reads nothing, locks nothing, notifies nothing.
create or replace function meshhook_expr.fail(code text, message text, place int default null, origin jsonb default null)
returns jsonb
language plpgsql stable parallel safe
as $$
declare
  shown text := case when code = 'MH_EXPR_SYNTAX' and origin is not null then 'MH_TEMPLATE_SYNTAX' else code end;
begin
  raise exception using
    errcode = 'MH422',
    message = shown || ': ' || message,
    detail = (jsonb_strip_nulls(jsonb_build_object('code', shown, 'position', place)) || coalesce(origin, '{}'))::text,
    hint = case
      when shown like '%SYNTAX' then 'Check the expression at that character; docs/expressions.md describes the language.'
      when shown like '%UNKNOWN_FUNCTION' then 'docs/expressions.md lists every function.'
      when shown like '%ARITY' then 'Check how many arguments the function takes.'
      when shown like '%TYPE' then 'Convert the value first, for example with to_number() or to_string(), or give a default with ||.'
      when shown like '%LIMIT' then 'Split the work over several steps, or select less data.'
      when shown like '%UNDEFINED_VARIABLE' then 'Bind the variable with let $name = expression in ...'
      when shown = 'MH_TEMPLATE_NULL' then 'Give a default inside the braces: {{ expression || ''default'' }}.'
      when shown = 'MH_TEMPLATE_SECRET' then 'A secret stands alone between braces, {{ secrets.name }}, in a field that may hold one.'
      when shown = 'MH_TEMPLATE_URL' then 'Values are percent-encoded in a path and a query; a host takes letters, digits, dots and hyphens only.'
      else 'Check the value that the expression meets.' end;
end
$$;
