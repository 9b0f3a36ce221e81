-- Takes a secret away; calls that name it fail from then on, at most a minute later. Answers whether it was there.
-- Locks: the row. Notifies nobody.
create or replace function meshhook.delete_secret(project text, name text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'admin');
begin
  delete from meshhook.secrets s where s.project_id = v_project and s.name = delete_secret.name;
  return found;
end $$;
comment on function meshhook.delete_secret(text, text) is
  'Deletes a secret; true when there was one. Calls that name it fail from then on.';
