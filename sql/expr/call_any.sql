-- call_any: the functions that take more than one type of argument. Types and counts are checked before (run, signature).
-- Called by: run. Reads nothing.
create or replace function meshhook_expr.call_any(name text, args jsonb[])
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  a jsonb := args[1];
  sort text := jsonb_typeof(args[1]);
begin
  if name = 'length' then
    if sort = 'object' then
      return to_jsonb((select count(*) from jsonb_object_keys(a)));
    end if;
    return to_jsonb(case sort when 'string' then char_length(a #>> '{}') else jsonb_array_length(a) end);
  elsif name = 'to_string' then
    return case when sort = 'string' then a else to_jsonb(meshhook_expr.as_text(a)) end;
  elsif name = 'not_null' then
    return coalesce(args[cardinality(args)], 'null');
  elsif name = 'to_number' then
    return case
      when sort = 'number' then a
      when sort = 'string' and a #>> '{}' ~ '^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?0*[0-9]{1,3})?$' and char_length(a #>> '{}') <= 2000
      then to_jsonb((a #>> '{}')::numeric)
      else 'null' end;
  elsif name = 'to_array' then
    return case when sort = 'array' then a else jsonb_build_array(a) end;
  elsif name = 'type' then
    return to_jsonb(sort);
  elsif name = 'contains' then
    if sort = 'array' and jsonb_typeof(args[2]) in ('array', 'object') then
      return to_jsonb(exists (select from jsonb_array_elements(a) e where e.value = args[2]));
    end if;
    return to_jsonb(case when sort = 'array' then a @> args[2]
      else jsonb_typeof(args[2]) = 'string' and strpos(a #>> '{}', args[2] #>> '{}') > 0 end);
  end if;
  -- reverse
  if sort = 'string' then
    return to_jsonb(reverse(a #>> '{}'));
  end if;
  return coalesce((select jsonb_agg(e.value order by e.nr desc) from jsonb_array_elements(a) with ordinality e(value, nr)), '[]');
end
$$;
