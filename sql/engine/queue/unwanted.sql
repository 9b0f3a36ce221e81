-- Which of the calls and timers that a process has in hand no run waits for any more: their run has ended, the step was gone
-- past, another attempt is open. By position in the arrays, from 1. The same test as deliver's fence. Takes no lock.
-- Called by: the worker with each heartbeat, so that it gives such calls up.
create or replace function meshhook_engine.unwanted(p_runs uuid[], p_steps text[], p_attempts int[]) returns setof int
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select h.n::int
    from unnest(p_runs, p_steps, p_attempts) with ordinality h(run, step, attempt, n)
    left join lateral (select * from meshhook.runs r where r.id = h.run) r on true
    where r.id is null or r.finished_at is not null
       or case when h.step = '*' then not r.frontier ? 'rest'
               else r.frontier #> array['open', h.step] is null
                 or coalesce((r.frontier #> array['open', h.step, 'a'])::int, 0) <> h.attempt end;
end $$;
