-- render_text: the text of a joined string ("j") or url ("u").
-- Guarantees: a url whose path holds a value has no . or .. (also as %2e) as a segment: those would climb to another path.
-- Called by: render_node. Reads nothing.
create or replace function meshhook_expr.render_text(template jsonb, root jsonb)
returns text
language plpgsql immutable parallel safe
as $$
declare
  parts jsonb := template -> 2;
  part jsonb;
  shown text := '';
begin
  for i in 0 .. jsonb_array_length(parts) - 1 loop
    part := parts -> i;
    if jsonb_typeof(part) = 'string' then
      shown := shown || (parts ->> i);
    elsif part ->> 0 = 'x' then
      shown := shown || meshhook_expr.render_part(part, root, template -> 1);
      exit when octet_length(shown) > 16777216;
    else
      shown := shown || '{{ secrets.' || (part ->> 1) || ' }}';
    end if;
  end loop;
  if octet_length(shown) > 16777216 then
    perform meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB', null, jsonb_build_object('path', template -> 1));
  elsif template ->> 3 = 'true' and shown ~* '^[^?#]*/(?:\.|%2e){1,2}(?:[/?#]|$)' then
    perform meshhook_expr.fail('MH_TEMPLATE_URL', 'a value makes . or .. a segment of the path of a url', null, jsonb_build_object('path', template -> 1));
  end if;
  return shown;
end
$$;
