-- The open runs of a project that a filter means, oldest first. Takes no lock: who acts on them locks each and looks again.
-- Called by: cancel_all, pause_all, resume_all.
create or replace function meshhook_engine.open_runs(p_project int, p_workflow text, p_paused boolean, p_runs uuid[], p_most int)
returns uuid[]
language plpgsql stable as $$
declare
  v_workflow int := case when p_workflow is not null then meshhook_engine.require_workflow(p_project, p_workflow) end;
begin
  return array(
    select r.id from meshhook.runs r
    where r.project_id = p_project and r.finished_at is null
      and (v_workflow is null or r.workflow_id = v_workflow)
      and (p_paused is null or (r.status = 'paused') = p_paused)
      and (p_runs is null or r.id = any (p_runs))
    order by r.id limit p_most);
end $$;
