-- What came in at an endpoint after a request, oldest first, with its bytes: for whoever follows an endpoint live. Without a
-- request: after now. One that commits later than a newer one is found by asking again from a little before.
-- Reads only.
create or replace function meshhook.requests_after(endpoint uuid, after uuid default null, most int default 100)
returns table (id uuid, received_at timestamptz, verdict text, cause text, method text, query jsonb, headers jsonb, body bytea)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require_endpoint(endpoint, 'view');
begin
  return query
    select q.id, q.received_at, q.verdict::text, q.cause, q.method, q.query, q.headers, q.body
    from meshhook.requests q
    where q.project_id = v_project and q.endpoint_id = endpoint and q.id > coalesce(after, meshhook_engine.uuid_floor(clock_timestamp()))
    order by q.id
    limit most;
end $$;
comment on function meshhook.requests_after(uuid, uuid, int) is 'What came in at an endpoint after a request (or after now), oldest first, with its bytes.';
