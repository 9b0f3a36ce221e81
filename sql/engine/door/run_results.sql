-- How some runs stand, for those who were promised an answer: status, and the output or error of those that ended.
-- An unknown run has no row. Takes no lock.
-- Called by: the door, grouped, for callers that wait and for signed status links.
create or replace function meshhook_engine.run_results(p_runs uuid[])
returns table (run_id uuid, status text, output jsonb, error jsonb)
language sql stable security definer set search_path = '' as $$
  select r.id, r.status::text, r.output, r.error
  from unnest(p_runs) asked(id)
  cross join lateral (select * from meshhook.runs r where r.id = asked.id) r;
$$;
