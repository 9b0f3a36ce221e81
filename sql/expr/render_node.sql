-- render_node: render for templates with structure.
-- Guarantees: a rendered value above 16 MiB is MH_EXPR_LIMIT.
-- Called by: render, itself. Reads nothing.
create or replace function meshhook_expr.render_node(template jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  op text := template ->> 0;
  value jsonb;
  item jsonb;
begin
  if op = '=' then
    return template -> 1;
  elsif op = 'x' then
    value := meshhook_expr.eval(template -> 1, root);
    return value;
  elsif op = 's' then
    return to_jsonb('{{ secrets.' || (template ->> 1) || ' }}');
  elsif op in ('j', 'u') then
    return to_jsonb(meshhook_expr.render_text(template, root));
  elsif op = 'o' then
    value := template -> 1;
    if template -> 2 <> 'null' then
      value := value || meshhook_expr.eval(template -> 2, root);
    end if;
    for i in 3 .. jsonb_array_length(template) - 1 by 2 loop
      item := meshhook_expr.render_node(template -> (i + 1), root);
      value := value || jsonb_build_object(template ->> i, item);
      exit when pg_column_size(value) > 16777216;
    end loop;
  else
    value := '[]';
    for i in 1 .. jsonb_array_length(template) - 1 loop
      item := meshhook_expr.render_node(template -> i, root);
      value := value || jsonb_build_array(item);
      exit when pg_column_size(value) > 16777216;
    end loop;
  end if;
  if pg_column_size(value) > 16777216 then
    return meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB');
  end if;
  return value;
end
$$;
