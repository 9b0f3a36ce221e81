-- Where in a schema a local reference leads: "#", "#/$defs/a", "#anchor"; null when nowhere.
-- Called by: schema_check, schema_problems.
create or replace function meshhook_engine.schema_place(p_root jsonb, p_reference text) returns jsonb
language plpgsql immutable parallel safe as $$
begin
  if p_reference = '#' then
    return p_root;
  elsif p_reference like '#/%' then
    return p_root #> array(
      select replace(replace(meshhook_engine.url_decode(part), '~1', '/'), '~0', '~')
      from unnest(string_to_array(substr(p_reference, 3), '/')) with ordinality x(part, n) order by n);
  end if;
  return jsonb_path_query_first(p_root, '$.** ? (@.type() == "object" && @."$anchor" == $name)',
    jsonb_build_object('name', meshhook_engine.url_decode(substr(p_reference, 2))));
end $$;
