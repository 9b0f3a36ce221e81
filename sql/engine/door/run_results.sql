-- How some runs stand, for those who were promised an answer: status, the output or error of those that ended, and what a
-- respond node has said, whether the run has ended or not: {status, headers, body}.
-- An unknown run has no row. Takes no lock.
-- Called by: the door, grouped, for callers that wait and for signed status links.
drop function if exists meshhook_engine.run_results(uuid[]);
create function meshhook_engine.run_results(p_runs uuid[])
returns table (run_id uuid, status text, output jsonb, error jsonb, response jsonb)
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select r.id, r.status::text, r.output, r.error,
           case when r.frontier ? 'reply' then
             meshhook_engine.recall_steps(r.id, r.frontier -> 'at', array[r.frontier ->> 'reply']) -> (r.frontier ->> 'reply') end
    from unnest(p_runs) asked(id)
    cross join lateral (select * from meshhook.runs r where r.id = asked.id) r;
end $$;
