-- A group of webhooks as they will be kept: verdict and cause, the trigger that expressions will see, and an id for each run
-- that each will start (its live workflows, the primary one first).
-- Nearly always every body of a group is the JSON it says it is: p_bold takes them for that, in one exception block for all;
-- when that fails, the group is gone through once more and each body has its own.
-- A door that may spool gives each request its id ("id"), and with a spooled one its moment ("at").
-- What was stored before (admit) keeps its id and moment, and "anew" goes past state, filter and dedupe, not past a schema.
-- Locks nothing, writes nothing. Called by: accept.
create or replace function meshhook_engine.receive(p_items jsonb[], p_bodies bytea[], p_now timestamptz, p_bold boolean default true) returns meshhook_engine.received[]
language plpgsql volatile as $$
declare
  v_iso   text := meshhook_engine.iso(p_now);
  v_seed  text := meshhook_engine.uuid_v7(p_now);
  v_count int := cardinality(p_items);
begin
  return array(
    with known as materialized (  -- once an endpoint, not once an item
      select e.id, e.project_id, e.state,
      nullif(e.door || coalesce((
        select jsonb_build_object('schemas', jsonb_object_agg(w.id, v.compiled #> '{input,schema}'))
        from meshhook.endpoint_workflows ew
        join meshhook.workflows w on w.id = ew.workflow_id
        join meshhook.workflow_versions v on v.workflow_id = w.id and v.version = w.live_version
        where ew.endpoint_id = e.id and v.compiled #> '{input,schema}' is not null
        having count(*) > 0), '{}'), '{}') as door, array(
        select w.id
        from meshhook.endpoint_workflows ew
        join meshhook.workflows w on w.id = ew.workflow_id
        where ew.endpoint_id = e.id and w.enabled and w.live_version is not null
        order by ew.is_primary desc, w.id) as workflows
      from (select distinct (z.item ->> 'endpoint')::uuid as id from unnest(p_items) z(item)) asked
      cross join lateral (
        select k.id, k.project_id, k.state, case when k.options ?| '{filter,dedupe,search}' then k.options else '{}' end
          || case when p.limits ? 'open_runs' then '{"capped": true}' else '{}' end::jsonb as door
        from meshhook.endpoints k join meshhook.projects p on p.id = k.project_id where k.id = asked.id
      ) e
    )
    select row(
      x.ord, x.id, e.project_id, e.id, v.verdict::meshhook.verdict,
      coalesce(v.cause, t.outcome #>> '{error,code}'), coalesce(v.message, t.outcome #>> '{error,message}'),
      case when v.verdict = 'accepted' then meshhook_engine.trigger_of(
        x.id, e.id, coalesce(x.item ->> 'at', v_iso), x.item ->> 'method', x.item ->> 'path', x.item -> 'query',
        coalesce(x.item -> 'headers', '{}'), t.outcome -> 'body') end,
      left(encode(sha256(coalesce(x.body, '')), 'hex'), 32), e.workflows,
      array(select meshhook_engine.uuid_v7_nth(v_seed, v_count * w.nth::int + x.ord - 1)
            from unnest(e.workflows) with ordinality w(id, nth)),
      case when d.anew then e.door - array['filter', 'dedupe']
           when x.item ? 'spooled' then coalesce(e.door, '{}') || '{"spooled": true}' else e.door end, null, null)::meshhook_engine.received
    from (
      select y.ord::int as ord, y.item, y.body, (y.item ->> 'endpoint')::uuid as endpoint_id,
             coalesce((y.item ->> 'request')::uuid, (y.item ->> 'id')::uuid, meshhook_engine.uuid_v7_nth(v_seed, y.ord::int - 1)) as id
      from unnest(p_items, p_bodies) with ordinality y(item, body, ord)
    ) x
    left join known e on e.id = x.endpoint_id
    cross join lateral (
      select case
        when e.id is null then '{"verdict": "rejected", "cause": "MH_ENDPOINT_UNKNOWN"}'
        when x.item ->> 'verdict' is not null then jsonb_build_object('verdict', x.item -> 'verdict', 'cause', x.item -> 'cause', 'message', x.item -> 'message')
        when x.item -> 'anew' = 'true' and e.workflows <> '{}' then null
        when e.state = 'disabled' then '{"verdict": "rejected", "cause": "MH_ENDPOINT_DISABLED"}'
        when e.state = 'paused' then '{"verdict": "queued", "cause": "MH_ENDPOINT_PAUSED"}'
        when e.workflows = '{}' then
          '{"verdict": "ignored", "cause": "MH_NO_WORKFLOW", "message": "No enabled workflow with a published version listens at this endpoint."}'
      end as refusal, coalesce((x.item -> 'anew')::boolean, false) as anew
    ) d
    cross join lateral (
      select case
        when d.refusal is not null then null
        when p_bold and x.item #>> '{headers,content-type}' = 'application/json' and octet_length(x.body) > 0
          then jsonb_build_object('body', convert_from(x.body, 'UTF8')::jsonb)
        else meshhook_engine.try_body(x.item #>> '{headers,content-type}', x.body) end as outcome
      offset 0  -- once an item: a subquery that is pulled up would be worked out at each place that reads it
    ) t
    cross join lateral (
      select coalesce(d.refusal ->> 'verdict', case when t.outcome ? 'error' then 'invalid' else 'accepted' end) as verdict,
             d.refusal ->> 'cause' as cause, d.refusal ->> 'message' as message
    ) v
    order by x.ord);
exception
  when others then
    if not p_bold then
      raise;
    end if;
    return meshhook_engine.receive(p_items, p_bodies, p_now, false);
end $$;
