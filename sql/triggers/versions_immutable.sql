-- A published version never changes: runs are pinned to it, and verify folds them again by it. It goes only with its
-- workflow, or with the project.
create or replace function meshhook_engine.keep_version() returns trigger
language plpgsql as $$
begin
  if tg_op = 'DELETE' and not exists (
    select from meshhook.workflows w join meshhook.projects p on p.id = w.project_id where w.id = old.workflow_id)
  then
    return old;
  end if;
  raise exception using
    errcode = 'MH409',
    message = 'MH_VERSION_IMMUTABLE: a published version cannot be changed or deleted',
    detail = '{"code": "MH_VERSION_IMMUTABLE"}',
    hint = 'Publish another version, or roll back to one there is.';
end $$;

create or replace trigger versions_immutable before update or delete on meshhook.workflow_versions
  for each row execute function meshhook_engine.keep_version();
