-- render_parts: the parts of a joined string or url with every expression replaced by its text, secrets left as they are.
-- Guarantees: null inside a string is MH_TEMPLATE_NULL. In a url the value cannot leave its place: path, query and fragment
--   values are percent-encoded but for letters, digits and -._~ ; a host value is letters, digits, dots and hyphens; the
--   value at the start is put in as it is but may hold no white space, control character or backslash.
-- Called by: render_text, render_secrets. Reads nothing.
create or replace function meshhook_expr.render_parts(template jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  parts jsonb := template -> 2;
  value jsonb;
  shown text;
  place text;
  bytes bigint := 0;
begin
  for i in 0 .. jsonb_array_length(parts) - 1 loop
    if parts -> i ->> 0 = 'x' then
      value := meshhook_expr.eval(parts -> i -> 1, root);
      if value = 'null' then
        return meshhook_expr.fail('MH_TEMPLATE_NULL', format('{{ %s }} in %s gives null', parts -> i ->> 2, meshhook_expr.path_text(template -> 1)),
          null, jsonb_build_object('path', template -> 1, 'expression', parts -> i ->> 2));
      end if;
      shown := meshhook_expr.as_text(value);
      place := parts -> i ->> 3;
      if place is null then
        null;
      elsif place in ('path', 'query', 'fragment') then
        shown := meshhook_expr.percent_encode(shown);
      elsif place = 'host' and shown !~ '^[A-Za-z0-9.-]+$' or place = 'start' and shown ~ '[\x01- \x7f\\]' then
        return meshhook_expr.fail('MH_TEMPLATE_URL', format('{{ %s }} gives a value that cannot stand %s of a url', parts -> i ->> 2,
          case place when 'host' then 'in the host' else 'at the beginning' end),
          null, jsonb_build_object('path', template -> 1, 'expression', parts -> i ->> 2));
      end if;
      parts := jsonb_set(parts, array[i::text], to_jsonb(shown));
      bytes := bytes + octet_length(shown);
      if bytes > 16777216 then
        return meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB', null, jsonb_build_object('path', template -> 1));
      end if;
    end if;
  end loop;
  return parts;
end
$$;
