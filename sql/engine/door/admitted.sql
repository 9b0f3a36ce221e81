-- Writes into the rows of stored requests what has become of them this time; runs are added to those they started before.
-- Locks: the rows of requests. Called by: accept, for what admit hands it.
create or replace function meshhook_engine.admitted(p_received meshhook_engine.received[]) returns void
language sql volatile as $$
  update meshhook.requests q
  set verdict = r.verdict, cause = r.cause, message = r.message, first_id = r.first_id,
      run_ids = case when r.trigger is not null then coalesce(q.run_ids, '{}') || r.run_ids else q.run_ids end
  from unnest(p_received) r
  where q.id = r.request_id;
$$;
