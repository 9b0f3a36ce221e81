-- Accepted requests of endpoints that ask for more than a signature: schema, then filter, then dedupe.
--   cap     a project that has as many open runs as it may have: rejected, told 429 (cap_requests).
--   search  values to be found by are kept, whatever becomes of the request then.
--   schema  each workflow's input.schema guards its own run; when no workflow is left the request is invalid (422), with the
--           violations of the primary one.
--   filter  false: ignored, told 202. An error in the expression: invalid, the bytes are kept and can be evaluated again.
--   dedupe  a key seen within the window: a duplicate of the first request, told the first's run. No key (null, ""): let through.
--
-- Guarantees: of requests with one key, in one group or in a thousand, exactly one is let through; the row of deliveries is
-- written in the commit that starts the runs, so a key that is taken has its runs.
-- Locks: rows of deliveries, by endpoint and key in one order; nothing else is locked before and nothing waits after.
-- Called by: accept, when a request's endpoint has such options. Notifies nobody.
create or replace function meshhook_engine.sift(p_received meshhook_engine.received[], p_now timestamptz) returns meshhook_engine.received[]
language plpgsql volatile as $$
declare
  v_all   meshhook_engine.received[] := p_received;
  v_one   meshhook_engine.received;
  v_root  jsonb;
  v_value jsonb;
  v_ords  int[] := '{}';
  v_keys  text[] := '{}';
  v_key   text;
  v_first record;
  v_state text;
  v_message text;
  v_detail text;
begin
  if exists (select from unnest(p_received) r where r.door ? 'capped') then
    v_all := meshhook_engine.cap_requests(p_received);
  end if;
  if exists (select from unnest(p_received) r where r.door ? 'search') then
    perform meshhook_engine.index_terms(p_received);
  end if;
  for n in 1 .. cardinality(v_all) loop
    v_one := v_all[n];
    continue when v_one.trigger is null or v_one.door is null;
    v_root := jsonb_build_object('trigger', v_one.trigger);
    begin
      if v_one.door ? 'schemas' then
        v_one := meshhook_engine.sift_schemas(v_one);
      end if;
      if v_one.trigger is not null and v_one.door ? 'filter' then
        v_value := meshhook_expr.eval(v_one.door #> '{filter,tree}', v_root);
        if not meshhook_expr.truthy(v_value) then
          v_one.verdict := 'ignored';
          v_one.cause := 'MH_FILTERED';
          v_one.message := format('The endpoint''s filter is not met: %s', v_one.door #>> '{filter,when}');
          v_one.trigger := null;
        end if;
      end if;
      if v_one.trigger is not null and v_one.door ? 'dedupe' then
        v_value := meshhook_expr.eval(v_one.door #> '{dedupe,tree}', v_root);
        if meshhook_expr.truthy(v_value) or jsonb_typeof(v_value) in ('number', 'boolean') then
          v_key := meshhook_expr.as_text(v_value);
          v_ords := v_ords || n;
          v_keys := v_keys || case when length(v_key) <= 200 then v_key else 'sha256:' || encode(sha256(convert_to(v_key, 'UTF8')), 'hex') end;
        end if;
      end if;
    exception
      when others then
        get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
        v_value := meshhook_engine.trouble(v_state, v_message, v_detail);
        v_one.verdict := 'invalid';
        v_one.cause := 'MH_ENDPOINT_EXPRESSION';
        v_one.message := format('The endpoint''s filter or dedupe key cannot be worked out for this request: %s: %s', v_value ->> 'code', v_value ->> 'message');
        v_one.trigger := null;
    end;
    v_all[n] := v_one;
  end loop;
  if v_ords = '{}' then
    return v_all;
  end if;

  for v_first in
    with asked as (
      select (v_all[k.ord]).endpoint_id as endpoint_id, (v_all[k.ord]).project_id as project_id, k.key, k.ord,
             (v_all[k.ord]).request_id as request_id, (v_all[k.ord]).run_ids as run_ids,
             ((v_all[k.ord]).door #> '{dedupe,window_ms}')::bigint as window_ms
      from unnest(v_ords, v_keys) k(ord, key)
    ), taken as (
      insert into meshhook.deliveries as d (endpoint_id, key, project_id, request_id, run_ids, duplicates, first_at, expires_at)
      select f.endpoint_id, f.key, f.project_id, f.request_id, f.run_ids, f.others, p_now, p_now + f.window_ms * interval '1 millisecond'
      from (
        select distinct on (a.endpoint_id, a.key) a.*, count(*) over (partition by a.endpoint_id, a.key) - 1 as others
        from asked a order by a.endpoint_id, a.key, a.ord
      ) f
      order by f.endpoint_id, f.key
      on conflict (endpoint_id, key) do update set
        request_id = case when d.expires_at <= p_now then excluded.request_id else d.request_id end,
        run_ids = case when d.expires_at <= p_now then excluded.run_ids else d.run_ids end,
        duplicates = case when d.expires_at <= p_now then excluded.duplicates else d.duplicates + excluded.duplicates + 1 end,
        first_at = case when d.expires_at <= p_now then excluded.first_at else d.first_at end,
        expires_at = case when d.expires_at <= p_now then excluded.expires_at else d.expires_at end
      returning d.endpoint_id, d.key, d.request_id, d.run_ids
    )
    select a.ord, t.request_id, t.run_ids
    from asked a join taken t on t.endpoint_id = a.endpoint_id and t.key = a.key
    where t.request_id <> a.request_id
  loop
    v_one := v_all[v_first.ord];
    v_one.verdict := 'duplicate';
    v_one.cause := 'MH_DUPLICATE';
    v_one.message := format('Request %s brought this delivery before.', v_first.request_id);
    v_one.trigger := null;
    v_one.first_id := v_first.request_id;
    v_one.first_run := v_first.run_ids[1];
    v_all[v_first.ord] := v_one;
  end loop;
  return v_all;
end $$;
