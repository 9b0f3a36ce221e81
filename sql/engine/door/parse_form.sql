-- application/x-www-form-urlencoded as an object; a repeated field becomes an array in the order it came.
-- Called by: parse_body.
create or replace function meshhook_engine.parse_form(p_text text) returns jsonb
language plpgsql immutable as $$
begin
  return coalesce((
    select jsonb_object_agg(f.name, case when f.n = 1 then f.single else f.several end)
    from (
      select name, count(*) as n, (array_agg(to_jsonb(value)))[1] as single, jsonb_agg(value order by ord) as several
      from (
        select ord,
               meshhook_engine.url_decode(split_part(pair, '=', 1)) as name,
               meshhook_engine.url_decode(case when position('=' in pair) > 0 then substr(pair, position('=' in pair) + 1) else '' end) as value
        from string_to_table(p_text, '&') with ordinality as f(pair, ord)
        where pair <> ''
      ) pairs
      group by name
    ) f), '{}');
end $$;
