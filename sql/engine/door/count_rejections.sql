-- Adds what a door has refused since it last told: one count an endpoint and cause. An endpoint that is gone is left out.
-- Locks: rows of rejections, by endpoint and cause in one order. Called by: the door, every second while there is something to tell.
create or replace function meshhook_engine.count_rejections(p_endpoints uuid[], p_causes text[], p_counts bigint[]) returns void
language sql volatile security definer set search_path = '' as $$
  insert into meshhook.rejections as r (endpoint_id, hour, cause, project_id, requests)
  select e.id, date_trunc('hour', clock_timestamp()), x.cause, e.project_id, sum(x.count)
  from unnest(p_endpoints, p_causes, p_counts) x(endpoint, cause, count)
  join meshhook.endpoints e on e.id = x.endpoint
  group by e.id, x.cause, e.project_id
  order by e.id, x.cause
  on conflict (endpoint_id, hour, cause) do update set requests = r.requests + excluded.requests
$$;
