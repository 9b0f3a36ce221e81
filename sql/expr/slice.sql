-- slice: value[start:stop:step] of an array or a string; SQL NULL for anything else. A step of 0 is an error.
-- Called by: run. Reads nothing.
create or replace function meshhook_expr.slice(value jsonb, start jsonb, stop jsonb, step jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  stride bigint := coalesce(step #>> '{}', '1');
  n bigint;
  a bigint := start #>> '{}';
  z bigint := stop #>> '{}';
begin
  if stride = 0 then
    return meshhook_expr.fail('MH_EXPR_VALUE', 'the step of a slice is 0');
  elsif jsonb_typeof(value) = 'array' then
    n := jsonb_array_length(value);
  elsif jsonb_typeof(value) = 'string' then
    n := char_length(value #>> '{}');
  else
    return null;
  end if;
  if stride > 0 then
    a := case when a is null then 0 when a < 0 then greatest(n + a, 0) else least(a, n) end;
    z := case when z is null then n when z < 0 then greatest(n + z, 0) else least(z, n) end - 1;
  else
    a := case when a is null then n - 1 when a < 0 then greatest(n + a, -1) else least(a, n - 1) end;
    z := case when z is null then -1 when z < 0 then greatest(n + z, -1) else least(z, n - 1) end + 1;
  end if;
  if jsonb_typeof(value) = 'string' then
    if (a <= z) <> (stride > 0) and a <> z then
      return '""';
    elsif stride = 1 then
      return to_jsonb(substr(value #>> '{}', a::int + 1, (z - a + 1)::int));
    elsif stride = -1 then
      return to_jsonb(reverse(substr(value #>> '{}', z::int + 1, (a - z + 1)::int)));
    end if;
    return to_jsonb(coalesce((select string_agg(c.one, '' order by case when stride > 0 then c.nr else -c.nr end)
      from unnest(string_to_array(value #>> '{}', null)) with ordinality c(one, nr)
      where c.nr - 1 between least(a, z) and greatest(a, z) and (c.nr - 1 - a) % stride = 0), ''));
  end if;
  return coalesce((select jsonb_agg(e.value order by case when stride > 0 then e.nr else -e.nr end)
    from jsonb_array_elements(value) with ordinality e(value, nr)
    where e.nr - 1 between least(a, z) and greatest(a, z) and case when stride > 0 then a <= z else a >= z end and (e.nr - 1 - a) % stride = 0), '[]');
end
$$;
