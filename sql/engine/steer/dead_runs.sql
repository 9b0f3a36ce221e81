-- The dead letters of a project that a filter means, oldest first. Takes no lock: who acts on them locks each and looks again.
-- Called by: retry_all, rerun_all, dismiss_all.
create or replace function meshhook_engine.dead_runs(
  p_project int, p_workflow text, p_class text, p_fingerprint text, p_since timestamptz, p_runs uuid[], p_most int)
returns uuid[]
language plpgsql stable as $$
declare
  v_workflow int := case when p_workflow is not null then meshhook_engine.require_workflow(p_project, p_workflow) end;
begin
  return array(
    select r.id from meshhook.runs r
    where r.project_id = p_project and r.dead_letter is not null
      and (v_workflow is null or r.workflow_id = v_workflow)
      and (p_class is null or meshhook_engine.error_class(r.error) = p_class)
      and (p_fingerprint is null or r.dead_letter = p_fingerprint)
      and (p_since is null or r.finished_at >= p_since)
      and (p_runs is null or r.id = any (p_runs))
    order by r.id limit p_most);
end $$;
