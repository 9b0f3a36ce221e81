-- The definition of a version of a workflow, or an error. Takes no lock.
-- Called by: rollback, diff.
create or replace function meshhook_engine.require_version(p_workflow int, p_version int) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_definition jsonb;
begin
  select v.definition into v_definition from meshhook.workflow_versions v where v.workflow_id = p_workflow and v.version = p_version;
  if v_definition is null then
    raise exception using
      errcode = 'MH404',
      message = format('MH_VERSION_UNKNOWN: the workflow has no version %s', coalesce(p_version::text, 'null')),
      detail = jsonb_build_object('code', 'MH_VERSION_UNKNOWN', 'version', p_version)::text,
      hint = 'select version from meshhook.version_list lists those there are.';
  end if;
  return v_definition;
end $$;
