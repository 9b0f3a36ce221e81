-- call_object: keys, values, items, from_items and merge. Objects are read in one order: by key, code point by code point.
-- Called by: run. Reads nothing.
create or replace function meshhook_expr.call_object(name text, args jsonb[], place int)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  value jsonb := args[1];
begin
  if name = 'from_items' then
    if exists (select from jsonb_array_elements(value) e
                where case when jsonb_typeof(e.value) = 'array' then jsonb_array_length(e.value) <> 2 or jsonb_typeof(e.value -> 0) <> 'string' else true end) then
      return meshhook_expr.fail('MH_EXPR_VALUE', 'from_items() needs an array of pairs [string, value]', place);
    end if;
    return coalesce((select jsonb_object_agg(e.value ->> 0, e.value -> 1 order by e.nr) from jsonb_array_elements(value) with ordinality e(value, nr)), '{}');
  elsif name = 'merge' then
    for i in 2 .. cardinality(args) loop
      value := value || args[i];
    end loop;
    return value;
  elsif name = 'keys' then
    return coalesce((select jsonb_agg(e.key order by e.key collate "C") from jsonb_each(value) e), '[]');
  elsif name = 'values' then
    return coalesce((select jsonb_agg(e.value order by e.key collate "C") from jsonb_each(value) e), '[]');
  end if;
  return coalesce((select jsonb_agg(jsonb_build_array(e.key, e.value) order by e.key collate "C") from jsonb_each(value) e), '[]');
end
$$;
