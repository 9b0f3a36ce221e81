-- The id of a project in which the caller has a right, or an error. Whoever is no member learns no more than that there is
-- no such project. The rights are role_rights'. Takes no locks.
-- Called by: every verb, first.
create or replace function meshhook_engine.require(p_project text, p_right text) returns int
language plpgsql stable security definer set search_path = '' as $$
declare
  v_principal text := meshhook.principal();
  v_project   int;
  v_role      text;
begin
  select p.id, m.role into v_project, v_role
  from meshhook.projects p
  left join meshhook.members m on m.project_id = p.id and m.principal = v_principal
  where p.slug = p_project;
  if v_principal = 'operator' and v_project is not null then
    return v_project;
  end if;
  if v_role is null then
    raise exception using
      errcode = 'MH404',
      message = format('MH_PROJECT_UNKNOWN: there is no project %s, or you are not a member of it', coalesce(quote_literal(left(p_project, 100)), 'null')),
      detail = jsonb_build_object('code', 'MH_PROJECT_UNKNOWN', 'project', left(p_project, 100))::text,
      hint = 'select project from meshhook.workflow_list shows projects you can see; an owner or admin can add you.';
  end if;
  if p_right = any (meshhook_engine.role_rights(v_role)) then
    return v_project;
  end if;
  raise exception using
    errcode = 'MH403',
    message = format('MH_FORBIDDEN: this takes the right "%s" in project %s, and the role %s has it not', p_right, quote_literal(p_project), v_role),
    detail = jsonb_build_object('code', 'MH_FORBIDDEN', 'project', p_project, 'right', p_right, 'role', v_role)::text,
    hint = 'Ask an owner or admin of the project for another role.';
end $$;
