-- The secrets of a project: names, versions and dates, never a value. Takes no lock.
create or replace function meshhook.secret_list(project text)
returns table (name text, version int, key_id uuid, created_at timestamptz, updated_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select s.name, s.version, s.key_id, s.created_at, s.updated_at
  from meshhook.secrets s where s.project_id = meshhook_engine.require(project, 'view')
  order by s.name;
$$;
comment on function meshhook.secret_list(text) is 'Secrets of a project by name, with version and dates. No value is ever shown.';
