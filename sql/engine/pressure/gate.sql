-- May these calls go? First what attempts have told of their destinations is taken in (p_seen, of observed), then each item
-- (a work item about to be handed out) asks its breaker and the rates of its project. The verdicts stand in the order of the
-- items: null for go, {"after_ms"} for go in a moment, {"due", "gate"} for a wait, {"refused"} for an error.
--
-- A breaker that is closed and has nothing to count is read and not locked, so a healthy destination costs a look.
-- Locks: breakers by (project, key), then rate_buckets by (project, key), then rate_grants of runs that the caller holds.
-- The caller holds the runs and has not written events, waits or queue rows yet.
-- Called by: press.
create or replace function meshhook_engine.gate(p_items jsonb[], p_seen jsonb[], p_now timestamptz) returns jsonb[]
language plpgsql volatile as $$
declare
  v_verdicts jsonb[] := array_fill(null::jsonb, array[cardinality(p_items)]);
  v_breakers meshhook.breakers[];
  v_before   meshhook.breakers;
  v_now_is   meshhook.breakers;
  v_item     jsonb;
  v_seen     jsonb;
begin
  -- The breakers that have something to say or to learn.
  with told as (
    select (s ->> 'project')::int as project, s ->> 'key' as key,
           bool_or((s ->> 'ok')::boolean is false or s #>> '{breaker,rate}' is not null and s ->> 'ok' is not null) as counts
    from unnest(p_seen) s group by 1, 2
  )
  insert into meshhook.breakers (project_id, key, updated_at)
  select t.project, t.key, p_now from told t where t.counts order by 1, 2
  on conflict do nothing;
  v_breakers := array(
    select b
    from (
      select distinct (x ->> 'project')::int as project, coalesce(x ->> 'key', x #>> '{breaker,key}', meshhook_engine.url_host(x #>> '{request,url}'), '') as key
      from unnest(p_seen || p_items) x where x -> 'breaker' -> 'open_ms' is not null
      order by 1, 2
    ) k
    cross join lateral (
      select b from meshhook.breakers b
      where b.project_id = k.project and b.key = k.key
        and (b.state <> 'closed' or b.failures > 0
             or exists (select from unnest(p_seen) s where (s ->> 'project')::int = k.project and s ->> 'key' = k.key and s ->> 'ok' is not null
                        and ((s ->> 'ok')::boolean is false or s #>> '{breaker,rate}' is not null)))
      for update) l
    order by k.project, k.key);
  for v_at in 1 .. cardinality(v_breakers) loop
    v_before := v_breakers[v_at];
    v_now_is := v_before;
    foreach v_seen in array p_seen loop
      continue when (v_seen ->> 'project')::int <> v_now_is.project_id or v_seen ->> 'key' <> v_now_is.key;
      v_now_is := meshhook_engine.breaker_after(v_now_is, v_seen, p_now);
    end loop;
    for n in 1 .. cardinality(p_items) loop
      v_item := p_items[n];
      continue when v_item -> 'breaker' -> 'open_ms' is null or (v_item ->> 'project')::int <> v_now_is.project_id
        or coalesce(v_item #>> '{breaker,key}', meshhook_engine.url_host(v_item #>> '{request,url}'), '') <> v_now_is.key;
      v_now_is := meshhook_engine.breaker_asked(v_now_is, v_item, p_now);
      v_verdicts[n] := meshhook_engine.breaker_verdict(v_now_is, v_item, p_now);
    end loop;
    continue when v_now_is is not distinct from v_before;
    update meshhook.breakers b
    set state = v_now_is.state, failures = v_now_is.failures, window_start = v_now_is.window_start, window_calls = v_now_is.window_calls,
        window_failures = v_now_is.window_failures, opened_at = v_now_is.opened_at, open_until = v_now_is.open_until,
        probe_run = v_now_is.probe_run, probe_step = v_now_is.probe_step, probe_until = v_now_is.probe_until,
        opens = v_now_is.opens, cause = v_now_is.cause, updated_at = p_now
    where b.project_id = v_before.project_id and b.key = v_before.key;
    -- Closed again, or nobody probes any more: those who wait may ask at once.
    if v_before.state <> 'closed' and (v_now_is.state = 'closed' or v_now_is.state = 'half_open' and v_now_is.probe_run is null) then
      perform meshhook_engine.free_waits(v_before.project_id, 'breaker:' || v_before.key, p_now);
    end if;
  end loop;
  return meshhook_engine.paced(p_items, v_verdicts, p_now);
end $$;
