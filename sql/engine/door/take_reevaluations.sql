-- Refused requests that wait to go through the door again, handed to the process that asks: what was refused, and the endpoint
-- as it verifies now. One that a process took and did not settle is handed out again after half a minute.
-- Locks: reevaluations, skipping those that others hold. Writes when there is something to do.
-- Called by: every door, once a second.
create or replace function meshhook_engine.take_reevaluations(p_limit int)
returns table (id bigint, received_at timestamptz, method text, evidence bytea, body bytea, endpoint jsonb)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if not exists (select from meshhook.reevaluations r where r.done_at is null) then
    return;
  end if;
  return query
    with taken as (
      update meshhook.reevaluations r set taken_at = v_now
      where r.id in (
        select o.id from meshhook.reevaluations o
        where o.done_at is null and (o.taken_at is null or o.taken_at < v_now - interval '30 seconds')
        order by o.id limit p_limit for no key update skip locked)
      returning r.id, r.request_id
    )
    select t.id, q.received_at, q.method, q.evidence, q.body, meshhook_engine.endpoint(e.token)
    from taken t
    left join meshhook.requests q on q.id = t.request_id
    left join meshhook.endpoints e on e.id = q.endpoint_id;
end $$;
