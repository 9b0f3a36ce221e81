-- render_secrets: where the rendered value needs secrets: [{"path": [...], "parts": [text | {"secret", "encode"}]}]; SQL NULL
--   when the template holds none. `encode` is "path" or "query" in a url, else null.
-- Guarantees: built from the template alone, so data can never name a secret; the other parts are rendered (and encoded).
-- Called by: the engine. Reads nothing, locks nothing, notifies nothing.
create or replace function meshhook_expr.render_secrets(template jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if template ->> 0 <> 'S' then
    return null;
  end if;
  return (
    select jsonb_agg(jsonb_build_object('path', s.value -> 0, 'parts', (
             select jsonb_agg(case when jsonb_typeof(p.value) = 'string' then p.value
                                   when p.value ->> 0 = 'x' then to_jsonb(meshhook_expr.render_part(p.value, root, s.value -> 1 -> 1))
                                   else jsonb_build_object('secret', p.value ->> 1, 'encode',
                                     case p.value ->> 2 when 'path' then 'path' when 'query' then 'query' when 'fragment' then 'query' end) end order by p.nr)
               from jsonb_array_elements(case s.value -> 1 ->> 0 when 's' then jsonb_build_array(s.value -> 1)
                      else s.value -> 1 -> 2 end) with ordinality p(value, nr))) order by s.nr)
      from jsonb_array_elements(meshhook_expr.template_secrets(template -> 1)) with ordinality s(value, nr));
end
$$;
comment on function meshhook_expr.render_secrets(jsonb, jsonb) is 'Where a rendered template needs secrets, by name and place; null when it needs none.';
