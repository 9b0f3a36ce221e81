-- Takes in what was queued while endpoints were paused, oldest first, as if it came now.
-- An endpoint is looked at for a minute after it has run empty: a request that met it paused may still be in its commit.
-- Guarantees: each request is taken in once, by one process (its row lock); several processes share the work.
-- Locks: endpoint row (skip locked), then requests in id order (skip locked), then see accept. Called by: wake.
create or replace function meshhook_engine.wake_queued(p_process int, p_limit int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_endpoint uuid;
  v_requests uuid[];
  v_done     int := 0;
begin
  for v_endpoint in
    select e.id from meshhook.endpoints e where e.resumed_at is not null and e.state = 'active' order by e.resumed_at, e.id limit 10
  loop
    v_requests := array(
      select q.id from meshhook.requests q
      where q.verdict = 'queued' and q.endpoint_id = v_endpoint
      order by q.id limit least(p_limit - v_done, 200) for update skip locked);
    if v_requests <> '{}' then
      v_done := v_done + cardinality(v_requests);
      perform meshhook_engine.admit(p_process, v_requests, false);
      exit when v_done >= p_limit;
    else
      update meshhook.endpoints e set resumed_at = null
      where e.id = v_endpoint and e.resumed_at < p_now - interval '1 minute'
        and not exists (select from meshhook.requests q where q.verdict = 'queued' and q.endpoint_id = v_endpoint);
    end if;
  end loop;
  return v_done;
end $$;
