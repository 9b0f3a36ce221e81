-- Whether a queue row holds any open step of a run (runs.jobs: step -> row).
-- Called by: place, deliver.
create or replace function meshhook_engine.holds(p_jobs jsonb, p_job bigint) returns boolean
language plpgsql immutable as $$
begin
  if p_jobs is null or p_jobs = '{}' then
    return false;
  end if;
  return exists (select from jsonb_each_text(p_jobs) h where h.value = p_job::text);
end $$;
