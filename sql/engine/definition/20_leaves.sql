-- Every string inside a JSON value, with the JSON pointer to it.
-- Called by: read_template, when something in a template is wrong and the place has to be found.
create or replace function meshhook_engine.leaves(p_value jsonb, p_path text) returns table (path text, value jsonb)
language sql immutable parallel safe as $$
  with recursive walk (path, value) as (
    select p_path, p_value
    union all
    select meshhook_engine.pointer(w.path, child.key), child.value
    from walk w
    cross join lateral (
      select key, value from jsonb_each(case jsonb_typeof(w.value) when 'object' then w.value end)
      union all
      select (ordinality - 1)::text, value
      from jsonb_array_elements(case jsonb_typeof(w.value) when 'array' then w.value end) with ordinality
    ) child (key, value)
    where jsonb_typeof(w.value) in ('object', 'array')
  )
  select w.path, w.value from walk w where jsonb_typeof(w.value) = 'string'
$$;
