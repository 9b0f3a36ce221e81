-- Counts an open run against its project's cap, where there is one. Locks nothing that is there. Called by: the triggers on runs.
create or replace function meshhook_engine.count_run(p_project int, p_run uuid) returns void
language plpgsql volatile as $$
begin
  insert into meshhook.open_runs (project_id, run_id)
  select p.id, p_run from meshhook.projects p where p.id = p_project and p.limits ? 'open_runs'
  on conflict do nothing;
end $$;
