-- template_secrets: the strings of a compiled template that hold secrets, as [[path, string template], ...].
-- Called by: parse_template, render_secrets, template_references, itself. Reads nothing.
create or replace function meshhook_expr.template_secrets(template jsonb, path jsonb default '[]')
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  op text := template ->> 0;
  found jsonb := '[]';
begin
  if op = 's' or op in ('j', 'u') and exists (select from jsonb_array_elements(template -> 2) p where p.value ->> 0 = 's' and jsonb_typeof(p.value) = 'array') then
    return jsonb_build_array(jsonb_build_array(path, template));
  elsif op = 'o' then
    for i in 3 .. jsonb_array_length(template) - 1 by 2 loop
      found := found || meshhook_expr.template_secrets(template -> (i + 1), path || (template -> i));
    end loop;
  elsif op = 'a' then
    for i in 1 .. jsonb_array_length(template) - 1 loop
      found := found || meshhook_expr.template_secrets(template -> i, path || to_jsonb(i - 1));
    end loop;
  end if;
  return found;
end
$$;
