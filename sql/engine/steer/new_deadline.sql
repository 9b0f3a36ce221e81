-- Gives a run that goes on again the whole time of its workflow's deadline, from now; it is dismissed no more.
-- The caller holds the run's lock. Called by: try_again, skip.
create or replace function meshhook_engine.new_deadline(p_run uuid, p_now timestamptz) returns void
language plpgsql volatile as $$
begin
  update meshhook.runs r
  set dismissed = null, deadline_at = (
    select p_now + make_interval(secs => nullif(v.compiled #> '{policy,deadline_ms}', 'null')::float8 / 1000)
    from meshhook.workflow_versions v where v.id = r.version_id)
  where r.id = p_run;
end $$;
