-- A list of answers: statuses ("404"), classes of them ("5xx"), and the words given besides.
-- Called by: define_http_call.
create or replace function meshhook_engine.check_statuses(p_list jsonb, p_words text[], p_path text, p_node text)
returns meshhook_engine.problem[]
language sql immutable parallel safe as $$
  select coalesce(array_agg(meshhook_engine.problem('MH_DEF_STATUS', p_path || '/' || (ordinality - 1), p_node,
    format('%s is not one of "200", "2xx"%s', meshhook_engine.quote(value),
      coalesce((select string_agg(format(', "%s"', word), '') from unnest(p_words) word), '')))
    order by ordinality), '{}')
  from jsonb_array_elements(case jsonb_typeof(p_list) when 'array' then p_list else '[]' end) with ordinality
  where ordinality <= 100
    and not (jsonb_typeof(value) = 'string' and (value #>> '{}' ~ '^[1-5](xx|[0-9][0-9])$' or value #>> '{}' = any (p_words)))
$$;
