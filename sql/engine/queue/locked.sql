-- The run as it stands, locked for a verb that changes it. Called by: cancel.
create or replace function meshhook_engine.locked(p_run uuid) returns meshhook.runs
language plpgsql volatile as $$
declare
  v_run meshhook.runs;
begin
  select * into v_run from meshhook.runs r where r.id = p_run for no key update;
  return v_run;
end $$;
