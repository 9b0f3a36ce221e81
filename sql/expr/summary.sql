-- summary: the shape that references answers, from the paths that reads found.
-- Called by: references, template_references. Reads nothing.
create or replace function meshhook_expr.summary(paths jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  whole boolean := paths @> '[[]]' and exists (select from jsonb_array_elements(paths) p where p.value = '[]');
  roots jsonb := coalesce((select jsonb_agg(distinct coalesce(p.value ->> 0, '*')) from jsonb_array_elements(paths) p), '[]');
  steps jsonb := coalesce((select jsonb_agg(distinct p.value ->> 1) from jsonb_array_elements(paths) p where p.value ->> 0 = 'steps'), '[]');
begin
  return jsonb_build_object(
    'trigger', whole or roots ? 'trigger',
    'input', whole or roots ? 'input',
    'run', whole or roots ? 'run',
    'vars', whole or roots ? 'vars',
    'item', whole or roots ? 'item',
    'index', whole or roots ? 'index',
    'secrets', roots ? 'secrets',
    'steps', case when whole or steps @> '[null]' then '["*"]' else steps end,
    'roots', roots);
end
$$;
