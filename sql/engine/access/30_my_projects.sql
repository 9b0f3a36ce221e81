-- The projects in which the caller has a right, for policies: project_id = any((select meshhook_engine.my_projects())::int[]).
-- Worked out once a statement. Takes no locks.
-- Called by: every project policy, endpoint_list.
create or replace function meshhook_engine.my_projects(p_right text default 'view') returns int[]
language plpgsql stable parallel safe security definer set search_path = '' as $$
declare
  v_principal text := meshhook.principal();
begin
  if v_principal = 'operator' then
    return array(select p.id from meshhook.projects p);
  end if;
  return array(
    select m.project_id from meshhook.members m
    where m.principal = v_principal and p_right = any (meshhook_engine.role_rights(m.role)));
end $$;
