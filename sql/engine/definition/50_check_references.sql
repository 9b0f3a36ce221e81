-- What expressions and templates refer to: steps must exist and come before, names at the top must be ones there are,
-- secrets should exist. p_before is graph's; nodes in or behind a cycle are not judged on order.
-- A use names its node where that is not the one it stands with: a loop answers for what its body reads from outside.
-- Called by: read_graph.
create or replace function meshhook_engine.check_references(
  p_uses jsonb[], p_ids text[], p_before bit varying[], p_secrets text[])
returns meshhook_engine.problem[]
language sql immutable as $$
  with field as materialized (
    select u.n::int as n, use ->> 'path' as path, use -> 'refs' as refs, coalesce(use ->> 'node', p_ids[u.n]) as node
    from unnest(p_uses) with ordinality u (uses, n), jsonb_array_elements(u.uses) use
    where jsonb_typeof(use -> 'refs') = 'object'
  ),
  known (id, n) as materialized (
    select id, n::int from unnest(p_ids) with ordinality k (id, n)
  ),
  step as (
    select f.n, f.path, f.node, s.id, k.n as target
    from field f
    cross join lateral jsonb_array_elements_text(f.refs -> 'steps') s (id)
    left join known k on k.id = s.id
    where s.id <> '*'
  ),
  problem (n, path, p) as (
    select n, path, meshhook_engine.problem('MH_DEF_REF_UNKNOWN', path, node, format('steps.%s: there is no such node', left(id, 80)))
    from step where target is null
    union all
    select n, path, meshhook_engine.problem('MH_DEF_REF_ORDER', path, node,
      case when target = n then format('steps.%s: a node cannot read its own output', left(id, 80))
      else format('steps.%s: no path leads from "%s" to "%s", so it cannot have run yet', left(id, 80), left(id, 80), left(p_ids[n], 80)) end)
    from step
    where target is not null and p_before[n] is not null and get_bit(p_before[n], target) = 0
    union all
    select f.n, f.path, meshhook_engine.problem('MH_DEF_REF_NAME', f.path, f.node,
      format('"%s" is always null; there are trigger, steps, input, run and vars%s', left(r.name, 80),
        case when r.name in ('item', 'index') then ', and item and index within a loop' else '' end), 'warning')
    from field f
    cross join lateral jsonb_array_elements_text(f.refs -> 'roots') r (name)
    where r.name not in ('trigger', 'steps', 'input', 'run', 'vars', 'secrets', '*', '@', '$')
    union all
    select f.n, f.path, meshhook_engine.problem('MH_DEF_SECRET_UNKNOWN', f.path, f.node,
      format('the project has no secret "%s" yet', left(s.name, 80)), 'warning')
    from field f
    cross join lateral jsonb_array_elements_text(f.refs -> 'secret_names') s (name)
    where p_secrets is not null and s.name <> all (p_secrets)
  )
  select coalesce(array_agg(p order by n, path, (p).code, (p).message), '{}') from problem
$$;
