-- When calls may go under the rates of their projects: one for the project as a whole, one a destination (GCRA: a bucket is
-- one moment, the theoretical arrival time, and moving it on yields the moment for this call). Each call that its breaker
-- lets go gets its moment now and keeps it (rate_grants), so calls go in the order in which they asked.
-- An empty bucket (new, or lost in a crash) grants the burst.
-- Locks: rate_buckets by (project, key); rate_grants of runs that the caller holds.
-- Called by: gate.
create or replace function meshhook_engine.paced(p_items jsonb[], p_verdicts jsonb[], p_now timestamptz) returns jsonb[]
language plpgsql volatile as $$
declare
  v_rules   jsonb;    -- project -> its rates
  v_buckets meshhook.rate_buckets[];
  v_bucket  meshhook.rate_buckets;
  v_item    jsonb;
  v_host    text;
  v_rule    jsonb;
  v_gap     interval;
  v_go      timestamptz;
  v_moment  timestamptz;
  v_why     text;
begin
  select jsonb_object_agg(p.id, p.limits -> 'calls') into v_rules
  from meshhook.projects p
  where p.id in (select (i -> 'project')::int from unnest(p_items) i) and p.limits ? 'calls';
  if v_rules is null then
    return p_verdicts;
  end if;

  -- The buckets, made where there are none and locked in order.
  insert into meshhook.rate_buckets (project_id, key, next_at)
  select distinct (i -> 'project')::int, k.key, p_now
  from unnest(p_items) i
  cross join lateral (values (''), (meshhook_engine.url_host(i #>> '{request,url}'))) k(key)
  where v_rules -> (i ->> 'project') ? k.key
  order by 1, 2
  on conflict do nothing;
  v_buckets := array(
    select l.b
    from (
      select distinct (i -> 'project')::int as project, k.key
      from unnest(p_items) i
      cross join lateral (values (''), (meshhook_engine.url_host(i #>> '{request,url}'))) k(key)
      where v_rules -> (i ->> 'project') ? k.key
      order by 1, 2
    ) wanted
    cross join lateral (
      select b from meshhook.rate_buckets b where b.project_id = wanted.project and b.key = wanted.key for update) l);

  for n in 1 .. cardinality(p_items) loop
    v_item := p_items[n];
    continue when p_verdicts[n] is not null or not v_rules ? (v_item ->> 'project');
    delete from meshhook.rate_grants g
    where g.run_id = (v_item ->> 'run')::uuid and g.step = v_item ->> 'step' and g.attempt = (v_item -> 'attempt')::int
    returning g.go_at into v_go;
    if v_go is null then
      v_host := meshhook_engine.url_host(v_item #>> '{request,url}');
      v_go := p_now;
      foreach v_bucket in array v_buckets loop
        continue when v_bucket.project_id <> (v_item -> 'project')::int or v_bucket.key not in ('', v_host);
        v_rule := v_rules -> (v_item ->> 'project') -> v_bucket.key;
        v_moment := v_bucket.next_at
          - make_interval(secs => (v_rule -> 'per_ms')::float8 / 1000 / (v_rule -> 'amount')::float8) * ((v_rule -> 'burst')::int - 1);
        if v_moment > v_go then
          v_go := v_moment;
          v_why := v_bucket.key;
        end if;
      end loop;
      for k in 1 .. cardinality(v_buckets) loop
        v_bucket := v_buckets[k];
        continue when v_bucket.project_id <> (v_item -> 'project')::int or v_bucket.key not in ('', v_host);
        v_rule := v_rules -> (v_item ->> 'project') -> v_bucket.key;
        v_gap := make_interval(secs => (v_rule -> 'per_ms')::float8 / 1000 / (v_rule -> 'amount')::float8);
        v_bucket.next_at := greatest(v_bucket.next_at, v_go) + v_gap;
        v_buckets[k] := v_bucket;
      end loop;
    end if;
    if v_go >= p_now + interval '2 seconds' then
      p_verdicts[n] := jsonb_build_object('due', ceil(extract(epoch from v_go) * 1000)::bigint, 'gate', 'rate:' || v_why);
      insert into meshhook.rate_grants (run_id, step, attempt, project_id, go_at)
      values ((v_item ->> 'run')::uuid, v_item ->> 'step', (v_item -> 'attempt')::int, (v_item -> 'project')::int, v_go)
      on conflict (run_id, step) do update set attempt = excluded.attempt, go_at = excluded.go_at;
    elsif v_go > p_now then
      p_verdicts[n] := jsonb_build_object('after_ms', greatest((v_item -> 'after_ms')::bigint, ceil(extract(epoch from v_go - p_now) * 1000)::bigint));
    end if;
  end loop;

  update meshhook.rate_buckets b
  set next_at = u.next_at
  from unnest(v_buckets) u where b.project_id = u.project_id and b.key = u.key;
  return p_verdicts;
end $$;
