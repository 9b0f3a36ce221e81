-- parse_template: any JSON with {{ expression }} in its strings, compiled for render. Object keys are no templates.
-- Guarantees: a value without {{ compiles to a constant. Raises MH422 with {"code","position","path"}: the position is in
--   the string, the path an array of keys and indexes from the value. `p_secrets`: {{ secrets.name }} may stand alone
--   between braces. `p_url`: the value is a url, its values are percent-encoded by place (url_parts).
-- Called by: validate and publish, meshhook.render. Reads nothing, locks nothing, notifies nothing.
--
-- The compiled form: ["=", value] constant; ["x", tree] one expression, its type kept; ["s", name] one secret;
-- ["j", path, [part…]] a joined string; ["u", path, [part…], whether a value stands in its path]
-- a joined url; ["o", constant, tree of an object or null, key, template, …] the union of the three;
-- ["a", template, …] an array; at the top ["S", template] when it holds secrets.
create or replace function meshhook_expr.parse_template(value jsonb, p_secrets boolean default false, p_url boolean default false)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  template jsonb;
begin
  if strpos(value::text, '{{') = 0 then
    return jsonb_build_array('=', value);
  end if;
  template := meshhook_expr.parse_template_at(value, '[]', p_secrets, p_url);
  return case when meshhook_expr.template_secrets(template) = '[]' then template else jsonb_build_array('S', template) end;
end
$$;
comment on function meshhook_expr.parse_template(jsonb, boolean, boolean) is 'Compiles a JSON value with {{ expression }} strings for meshhook_expr.render.';
