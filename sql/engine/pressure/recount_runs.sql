-- Counts the open runs of a project anew, when its cap is set; without a cap nothing is counted.
-- Marks the open runs, in id order, so that their end is noticed; a run that ends meanwhile is not counted.
-- Locks: open runs of the project in id order. The caller holds the project's row. Called by: set_limit.
create or replace function meshhook_engine.recount_runs(p_project int) returns void
language plpgsql volatile as $$
begin
  delete from meshhook.open_runs o where o.project_id = p_project;
  with still as (
    select r.id from meshhook.runs r where r.project_id = p_project and r.finished_at is null order by r.id for no key update
  ), marked as (
    update meshhook.runs r set slotted = true from still where r.id = still.id returning r.id
  )
  insert into meshhook.open_runs (project_id, run_id)
  select p_project, m.id from marked m
  where exists (select from meshhook.projects p where p.id = p_project and p.limits ? 'open_runs')
  on conflict do nothing;
end $$;
