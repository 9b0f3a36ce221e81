-- How many runs a project may still open; null without a cap. Counts what is committed: groups that start at the same moment do
-- not see each other, so a cap may be exceeded by what they start.
-- Reads only. Called by: cap_requests, refuse_over_cap.
create or replace function meshhook_engine.room_for_runs(p_project int) returns bigint
language plpgsql stable as $$
begin
  return (
    select (p.limits -> 'open_runs')::bigint - (
      select count(*) from (select from meshhook.open_runs o where o.project_id = p.id limit (p.limits -> 'open_runs')::bigint) o)
    from meshhook.projects p
    where p.id = p_project and p.limits ? 'open_runs');
end $$;
