-- call_array: avg, sum, max, min, sort, join and zip. Strings are ordered by code point, never by a locale.
-- Called by: run. Reads nothing.
create or replace function meshhook_expr.call_array(name text, args jsonb[], place int)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  list jsonb := args[1];
  held text;
begin
  if name = 'zip' then
    return coalesce((
      select jsonb_agg(row.value order by row.i) from (
        select i, (select jsonb_agg(a.list -> i order by a.nr) from unnest(args) with ordinality a(list, nr)) as value
          from generate_series(0, (select min(jsonb_array_length(a.list)) from unnest(args) a(list)) - 1) i
      ) row), '[]');
  elsif name = 'join' then
    if meshhook_expr.holds(args[2]) not in ('string', 'nothing') then
      return meshhook_expr.fail('MH_EXPR_TYPE', 'join() needs an array of strings', place);
    elsif octet_length(list #>> '{}') * jsonb_array_length(args[2])::bigint > 16777216 then
      return meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB', place);
    end if;
    return to_jsonb(coalesce((select string_agg(e.value, list #>> '{}' order by e.nr) from jsonb_array_elements_text(args[2]) with ordinality e(value, nr)), ''));
  end if;
  held := meshhook_expr.holds(list);
  if held = 'nothing' then
    return case name when 'sum' then '0' when 'sort' then '[]' else 'null' end;
  elsif name in ('sum', 'avg') then
    if held <> 'number' then
      return meshhook_expr.fail('MH_EXPR_TYPE', format('%s() needs an array of numbers', name), place);
    elsif exists (select from jsonb_array_elements(list) e where not meshhook_expr.in_range(e.value::numeric)) then
      return meshhook_expr.fail('MH_EXPR_VALUE', 'a number is too large to calculate with', place);
    end if;
    return to_jsonb(trim_scale((select case name when 'sum' then sum(e.value::numeric) else avg(e.value::numeric) end from jsonb_array_elements(list) e)));
  elsif held not in ('number', 'string') then
    return meshhook_expr.fail('MH_EXPR_TYPE', format('%s() needs an array of numbers or an array of strings', name), place);
  elsif held = 'number' then
    return case name
      when 'max' then (select to_jsonb(max(e.value::numeric)) from jsonb_array_elements(list) e)
      when 'min' then (select to_jsonb(min(e.value::numeric)) from jsonb_array_elements(list) e)
      else (select jsonb_agg(e.value order by e.value::numeric, e.nr) from jsonb_array_elements(list) with ordinality e(value, nr)) end;
  end if;
  return case name
    when 'max' then (select to_jsonb(max(e.value collate "C")) from jsonb_array_elements_text(list) e)
    when 'min' then (select to_jsonb(min(e.value collate "C")) from jsonb_array_elements_text(list) e)
    else (select jsonb_agg(e.value order by e.value collate "C", e.nr) from jsonb_array_elements_text(list) with ordinality e(value, nr)) end;
end
$$;
