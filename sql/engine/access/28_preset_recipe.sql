-- The recipe that a preset's name stands for in a project: its own, else everybody's; null when there is none.
-- Called by: check_verify, resolved_verify.
create or replace function meshhook_engine.preset_recipe(p_project int, p_name text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select p.recipe from meshhook.verify_presets p
  where p.name = p_name and (p.project_id = p_project or p.project_id is null)
  order by p.project_id nulls last
  limit 1
$$;
