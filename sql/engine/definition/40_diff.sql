-- Structural difference of two definitions: objects by key, arrays by position, edges (top level) as a set.
-- Called by: diff.
create or replace function meshhook_engine.diff(p_was jsonb, p_is jsonb)
returns table (op text, path text, was jsonb, "is" jsonb)
language sql immutable parallel safe as $$
  with recursive
  edge_was as (
    select value as edge, min(ordinality) - 1 as i
    from jsonb_array_elements(case jsonb_typeof(p_was -> 'edges') when 'array' then p_was -> 'edges' end) with ordinality group by value
  ),
  edge_is as (
    select value as edge, min(ordinality) - 1 as i
    from jsonb_array_elements(case jsonb_typeof(p_is -> 'edges') when 'array' then p_is -> 'edges' end) with ordinality group by value
  ),
  edges (op, path, was, "is") as (
    select case when a.edge is null then 'add' else 'remove' end, '/edges/' || coalesce(b.i, a.i), a.edge, b.edge
    from edge_was a full join edge_is b on b.edge = a.edge
    where a.edge is null or b.edge is null
  ),
  walk (path, was, "is") as (
    -- Edges that differ only in their order are one change of the whole list.
    select '', case when exists (select from edges) then p_was - 'edges' else p_was end,
               case when exists (select from edges) then p_is - 'edges' else p_is end
    union all
    select meshhook_engine.pointer(w.path, child.key), child.was, child."is"
    from walk w
    cross join lateral (
      select key, o.value, n.value
      from jsonb_each(case jsonb_typeof(w.was) when 'object' then w.was end) o
      full join jsonb_each(case jsonb_typeof(w."is") when 'object' then w."is" end) n using (key)
      where jsonb_typeof(w.was) = 'object'
      union all
      select (coalesce(o.ordinality, n.ordinality) - 1)::text, o.value, n.value
      from jsonb_array_elements(case jsonb_typeof(w.was) when 'array' then w.was end) with ordinality o
      full join jsonb_array_elements(case jsonb_typeof(w."is") when 'array' then w."is" end) with ordinality n using (ordinality)
      where jsonb_typeof(w.was) = 'array'
    ) child (key, was, "is")
    where w.was <> w."is" and jsonb_typeof(w.was) = jsonb_typeof(w."is") and jsonb_typeof(w.was) in ('object', 'array')
      and w.path <> '/edges'
  )
  select op, path, was, "is"
  from (
    select case when was is null then 'add' when "is" is null then 'remove' else 'replace' end, path, was, "is"
    from walk
    where was is distinct from "is"
      and (was is null or "is" is null or jsonb_typeof(was) <> jsonb_typeof("is") or jsonb_typeof(was) not in ('object', 'array') or path = '/edges')
    union all
    select * from edges
  ) d (op, path, was, "is")
  order by path collate "C", op desc
$$;
