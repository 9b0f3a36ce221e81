-- The variables of a project as one object. Called by: accept, new_run.
create or replace function meshhook_engine.vars_of(p_project int) returns jsonb
language plpgsql stable as $$
begin
  return coalesce((select jsonb_object_agg(v.name, v.value) from meshhook.vars v where v.project_id = p_project), '{}');
end $$;
