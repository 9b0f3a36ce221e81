-- render_part: the text of one expression inside a string or a url.
-- Guarantees: null inside a string is MH_TEMPLATE_NULL. In a url the value cannot leave its place: path, query and fragment
--   values are percent-encoded but for letters, digits and -._~ ; a host value is letters, digits, dots and hyphens; the
--   value at the start is put in as it is but may hold no white space, control character or backslash.
-- Called by: render_text, render_secrets. Reads nothing.
create or replace function meshhook_expr.render_part(part jsonb, root jsonb, path jsonb)
returns text
language plpgsql immutable parallel safe
as $$
declare
  value jsonb := meshhook_expr.eval(part -> 1, root);
  place text := part ->> 3;
  shown text;
begin
  if value = 'null' then
    perform meshhook_expr.fail('MH_TEMPLATE_NULL', format('{{ %s }} in %s gives null', part ->> 2, meshhook_expr.path_text(path)),
      null, jsonb_build_object('path', path, 'expression', part ->> 2));
  end if;
  shown := meshhook_expr.as_text(value);
  if place is null then
    return shown;
  elsif place in ('path', 'query', 'fragment') then
    return meshhook_expr.percent_encode(shown);
  elsif place = 'host' and shown !~ '^[A-Za-z0-9.-]+$' or place = 'start' and shown ~ '[\x01- \x7f\\]' then
    perform meshhook_expr.fail('MH_TEMPLATE_URL', format('{{ %s }} gives a value that cannot stand %s of a url', part ->> 2,
      case place when 'host' then 'in the host' else 'at the beginning' end),
      null, jsonb_build_object('path', path, 'expression', part ->> 2));
  end if;
  return shown;
end
$$;
