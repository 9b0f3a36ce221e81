-- render_text: the text of a joined string or url.
-- Guarantees: a url whose path holds a value has no . or .. as a segment: those would climb to another path.
-- Called by: render_node. Reads nothing.
create or replace function meshhook_expr.render_text(template jsonb, root jsonb)
returns text
language plpgsql immutable parallel safe
as $$
declare
  parts jsonb := meshhook_expr.render_parts(template, root);
  shown text;
begin
  shown := (select string_agg(case when jsonb_typeof(p.value) = 'string' then p.value #>> '{}' else '{{ secrets.' || (p.value ->> 1) || ' }}' end, '' order by p.nr)
              from jsonb_array_elements(parts) with ordinality p(value, nr));
  if template ->> 0 = 'u' and meshhook_expr.climbs(template, shown) then
    perform meshhook_expr.fail('MH_TEMPLATE_URL', 'a value makes . or .. a segment of the path of a url', null, jsonb_build_object('path', template -> 1));
  end if;
  return shown;
end
$$;
