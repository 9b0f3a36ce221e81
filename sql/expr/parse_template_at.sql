-- parse_template_at: parse_template for the part of the value at `path`. At most 100 levels.
-- Called by: parse_template, itself. Reads nothing.
create or replace function meshhook_expr.parse_template_at(value jsonb, path jsonb, secrets boolean, url boolean)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  parts jsonb;
  template jsonb;
  fixed jsonb := '{}';
  paths jsonb := '["h"]';
  r record;
  plain boolean := true;
begin
  if jsonb_array_length(path) > 100 then
    return meshhook_expr.fail('MH_EXPR_LIMIT', 'a template is nested more than 100 levels deep', null, jsonb_build_object('path', path));
  end if;
  if jsonb_typeof(value) = 'string' then
    if strpos(value #>> '{}', '{{') = 0 then
      return jsonb_build_array('=', value);
    end if;
    parts := meshhook_expr.text_parts(value #>> '{}', path, secrets);
    if url then
      parts := meshhook_expr.url_parts(parts, path);
      return jsonb_build_array('u', path, parts, exists (select from jsonb_array_elements(parts) p where p.value ->> -1 = 'path' and jsonb_typeof(p.value) = 'array'));
    elsif jsonb_array_length(parts) > 1 then
      return jsonb_build_array('j', path, parts);
    end if;
    template := parts -> 0;
    return case
      when template ->> 0 = 's' then template
      when template -> 1 ->> 0 = '.=' then jsonb_build_array('=', template -> 1 -> 1)
      else template - 2 end;
  elsif jsonb_typeof(value) = 'object' then
    template := '[]';
    for r in select e.key, e.value from jsonb_each(value) e order by e.key collate "C" loop
      parts := meshhook_expr.parse_template_at(r.value, path || to_jsonb(r.key), secrets, false);
      if parts ->> 0 = '=' then
        fixed := fixed || jsonb_build_object(r.key, parts -> 1);
      elsif parts ->> 0 = 'x' and parts -> 1 ->> 0 = '.p' and jsonb_array_length(paths) < 17 then
        paths := paths || jsonb_build_array(r.key, parts -> 1);
      else
        template := template || jsonb_build_array(r.key, parts);
      end if;
    end loop;
    if template = '[]' and jsonb_array_length(paths) = 1 then
      return jsonb_build_array('=', fixed);
    end if;
    return jsonb_build_array('o', fixed, case when jsonb_array_length(paths) > 1 then meshhook_expr.hash_node(paths, false) end) || template;
  elsif jsonb_typeof(value) = 'array' then
    template := '["a"]';
    for r in select e.value, e.nr from jsonb_array_elements(value) with ordinality e(value, nr) order by e.nr loop
      parts := meshhook_expr.parse_template_at(r.value, path || to_jsonb(r.nr - 1), secrets, false);
      plain := plain and parts ->> 0 = '=';
      template := template || jsonb_build_array(parts);
    end loop;
    if plain then
      return jsonb_build_array('=', coalesce((select jsonb_agg(t.value -> 1 order by t.nr) from jsonb_array_elements(template - 0) with ordinality t(value, nr)), '[]'));
    end if;
    return template;
  end if;
  return jsonb_build_array('=', value);
end
$$;
