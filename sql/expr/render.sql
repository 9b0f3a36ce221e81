-- render: the value of a compiled template over a document. A secret renders as its own text {{ secrets.name }}.
-- Guarantees: pure; a template without {{ and a template that is one expression are answered by one expression.
--   Raises MH422: MH_TEMPLATE_NULL names the expression and the path, MH_TEMPLATE_URL a value that its place in a url
--   cannot hold.
-- Called by: the engine, meshhook.render. Reads nothing, locks nothing, notifies nothing.
create or replace function meshhook_expr.render(template jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  return case template ->> 0
    when '=' then template -> 1
    when 'x' then meshhook_expr.eval(template -> 1, root)
    when 'S' then meshhook_expr.render_node(template -> 1, root)
    else meshhook_expr.render_node(template, root) end;
end
$$;
comment on function meshhook_expr.render(jsonb, jsonb) is 'Renders a compiled template over a document; secrets stay references.';
