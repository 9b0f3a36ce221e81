-- The calls that are open and due in open runs: each may be under way, or may have been made by whoever is not known any more.
-- q is the seq of the event that holds the request. Takes no lock. Called by: after_restore.
create or replace function meshhook_engine.unknown_calls(p_now timestamptz)
returns table (run_id uuid, project text, workflow text, step text, attempt int, q int)
language plpgsql stable as $$
begin
  return query
    select r.id, p.slug, w.name, o.key, (o.value -> 'a')::int, (o.value -> 'q')::int
    from meshhook.runs r
    join meshhook.projects p on p.id = r.project_id
    join meshhook.workflows w on w.id = r.workflow_id
    cross join lateral jsonb_each(r.frontier -> 'open') o
    where r.finished_at is null and o.value ? 'a'
      and coalesce((o.value -> 'due')::bigint, 0) <= (extract(epoch from p_now) * 1000)::bigint
    order by r.id, o.key;
end $$;
