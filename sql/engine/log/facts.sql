-- Events of a run by seq, with their data whole: fetched from payloads where it stands there.
-- Called by: recall_start, recall_steps, intent, history, refold, run_steps_of.
create or replace function meshhook_engine.facts(p_run uuid, p_seqs int[])
returns table (seq int, at timestamptz, type meshhook.event_type, step text, attempt smallint, data jsonb, digest bytea)
language plpgsql stable as $$
begin
  return query
    select e.seq, e.at, e.type, e.step, e.attempt,
           case when e.data ? 'payload' then (
             select p.data from meshhook.payloads p where p.run_id = p_run and p.seq = e.seq) else e.data end,
           e.digest
    from meshhook.events e
    where e.run_id = p_run and (p_seqs is null or e.seq = any (p_seqs))
    order by e.seq;
end $$;
