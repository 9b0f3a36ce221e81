-- A new project. Whoever makes it owns it; an operator needs no membership. People who are not operators may make projects
-- only where the setting open_projects is true.
-- Locks: the new row. Notifies nobody.
create or replace function meshhook.create_project(slug text, name text default null) returns int
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_principal text := meshhook.principal();
  v_project   int;
begin
  if v_principal is null or v_principal <> 'operator' and not exists (
    select from meshhook.settings s where s.name = 'open_projects' and s.value = 'true')
  then
    raise exception using
      errcode = 'MH403',
      message = 'MH_FORBIDDEN: only operators make projects in this installation',
      detail = '{"code": "MH_FORBIDDEN"}',
      hint = 'Ask an operator, or let one set open_projects to true in meshhook.settings.';
  end if;
  if create_project.slug is null or create_project.slug !~ '^[a-z0-9][a-z0-9-]{0,62}$' then
    raise exception using
      errcode = 'MH400',
      message = format('MH_SLUG: %s is no slug', coalesce(quote_literal(left(create_project.slug, 100)), 'null')),
      detail = '{"code": "MH_SLUG"}',
      hint = 'Lower case letters, digits and -, 63 at most, a letter or digit first.';
  end if;
  insert into meshhook.projects (slug, name)
  values (create_project.slug, coalesce(left(create_project.name, 200), create_project.slug))
  on conflict do nothing
  returning id into v_project;
  if v_project is null then
    raise exception using
      errcode = 'MH409',
      message = format('MH_PROJECT_EXISTS: the slug %s is taken', quote_literal(create_project.slug)),
      detail = '{"code": "MH_PROJECT_EXISTS"}',
      hint = 'Choose another slug.';
  end if;
  if v_principal <> 'operator' then
    insert into meshhook.members (project_id, principal, role) values (v_project, v_principal, 'owner');
  end if;
  return v_project;
end $$;
comment on function meshhook.create_project(text, text) is
  'Makes a project and answers with its id. Whoever makes it is its owner.';
