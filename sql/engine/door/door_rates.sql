-- Whether requests may come in by the rates of their endpoints and projects: token buckets (GCRA), one row each, for a group of
-- requests in one go. p_endpoints has one id a request; endpoints without a rate let everything through.
--   allowed     whether this request may come in; a request needs a token of its endpoint and one of its project
--   most, left  size of the tighter bucket, and what is left in it
--   reset_ms    when that bucket is full again; retry_ms: when the next token is there
-- Guarantees: no more than the burst at once and the rate over time, whatever the number of servers; a crash empties the
-- (unlogged) buckets, which grants the burst once more.
-- Locks: rate_buckets rows by project and key. Called by: the door, grouped, before it reads a body.
create or replace function meshhook_engine.door_rates(p_endpoints uuid[])
returns table (item int, allowed boolean, most int, "left" int, reset_ms bigint, retry_ms bigint)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_now    timestamptz := meshhook_engine.clock();
  v_bucket record;
  v_each   interval;
  v_tat    timestamptz;
  v_free   int;
  v_asking int[];
  v_out    boolean[] := array_fill(true, array[cardinality(p_endpoints)]);
  v_most   int[] := array_fill(null::int, array[cardinality(p_endpoints)]);
  v_left   int[] := v_most;
  v_reset  bigint[] := array_fill(0::bigint, array[cardinality(p_endpoints)]);
  v_retry  bigint[] := v_reset;
begin
  for v_bucket in
    select b.project_id, b.key, b.rate, array_agg(b.ord order by b.ord) as ords
    from (
      select e.project_id, 'door:' || e.id as key, e.options -> 'rate' as rate, x.ord::int as ord
      from unnest(p_endpoints) with ordinality x(id, ord) join meshhook.endpoints e on e.id = x.id where e.options ? 'rate'
      union all
      select p.id, 'door', p.limits #> '{requests,""}', x.ord::int
      from unnest(p_endpoints) with ordinality x(id, ord) join meshhook.endpoints e on e.id = x.id join meshhook.projects p on p.id = e.project_id
      where p.limits #> '{requests,""}' is not null
    ) b
    group by b.project_id, b.key, b.rate
    order by b.project_id, b.key desc  -- an endpoint's own before its project's
  loop
    v_each := ((v_bucket.rate -> 'per_ms')::float8 / (v_bucket.rate -> 'amount')::float8) * interval '1 millisecond';
    v_asking := array(select o from unnest(v_bucket.ords) o where v_out[o]);
    insert into meshhook.rate_buckets as r (project_id, key, next_at) values (v_bucket.project_id, v_bucket.key, v_now)
    on conflict (project_id, key) do update set next_at = greatest(r.next_at, v_now)
    returning next_at into v_tat;
    -- A clock that went back, or a rate that was raised, must not shut the door for longer than a full bucket takes.
    v_tat := least(v_tat, v_now + v_each * (v_bucket.rate -> 'burst')::int);
    v_free := greatest(0, (v_bucket.rate -> 'burst')::int - ceil(round((extract(epoch from v_tat - v_now) / extract(epoch from v_each))::numeric, 6))::int);
    for k in 1 .. cardinality(v_asking) loop
      if v_free > 0 then
        v_free := v_free - 1;
        v_tat := v_tat + v_each;
      else
        v_out[v_asking[k]] := false;
      end if;
      if v_left[v_asking[k]] is null or v_free < v_left[v_asking[k]] or not v_out[v_asking[k]] then
        v_most[v_asking[k]] := (v_bucket.rate -> 'burst')::int;
        v_left[v_asking[k]] := v_free;
        v_reset[v_asking[k]] := ceil(extract(epoch from v_tat - v_now) * 1000)::bigint;
        v_retry[v_asking[k]] := greatest(0, ceil(extract(epoch from v_tat - v_now - v_each * ((v_bucket.rate -> 'burst')::int - 1)) * 1000))::bigint;
      end if;
    end loop;
    update meshhook.rate_buckets r set next_at = v_tat where r.project_id = v_bucket.project_id and r.key = v_bucket.key;
  end loop;
  return query
    select o.ord::int, o.out, o.most, o.left, o.reset, o.retry
    from unnest(v_out, v_most, v_left, v_reset, v_retry) with ordinality o("out", most, "left", reset, retry, ord) order by o.ord;
end $$;
