-- Stored requests go through the door again as they are: the same bytes, the same id, the same moment of arrival. What becomes
-- of each is written into its row, in the commit that starts its runs.
--   p_anew false: as if each came now: the endpoint's state, filter and dedupe hold
--   p_anew true:  by somebody's will: only what no will can mend is refused (a body that is none, no workflow)
-- The caller has checked rights, and holds the rows' locks if somebody else might admit them too.
-- Locks, notifies: see accept. Called by: wake_queued, and verbs that take a request in again.
create or replace function meshhook_engine.admit(p_process int, p_requests uuid[], p_anew boolean)
returns table (request_id uuid, verdict text, cause text, run_id uuid)
language plpgsql volatile as $$
declare
  v_items  jsonb[];
  v_bodies bytea[];
begin
  select array_agg(jsonb_build_object(
           'request', q.id, 'at', meshhook_engine.iso(q.received_at), 'anew', p_anew, 'endpoint', q.endpoint_id, 'method', q.method,
           'path', q.path, 'query', coalesce(q.query, '{}'), 'headers', q.headers, 'remote', q.remote) order by q.id),
         array_agg(q.body order by q.id)
  into v_items, v_bodies
  from unnest(p_requests) asked(id)
  cross join lateral (select k.* from meshhook.requests k where k.id = asked.id) q;
  return query
    select a.request_id, a.verdict, a.cause, a.run_id
    from meshhook_engine.accept(p_process, 0, coalesce(v_items, '{}'), coalesce(v_bodies, '{}')) a;
end $$;
