-- Raises that another endpoint of the project has this name or alias already.
-- Called by: create_endpoint, set_endpoint. Two at the same moment: the unique index says no to the second.
create or replace function meshhook_engine.refuse_taken(p_project int, p_endpoint uuid, p_name text, p_alias text) returns void
language plpgsql stable as $$
declare
  v_taken text;
begin
  select case when e.name = p_name then format('named %L', p_name) else format('with the alias %L', p_alias) end into v_taken
  from meshhook.endpoints e
  where e.project_id = p_project and e.id is distinct from p_endpoint and (e.name = p_name or e.alias = p_alias) limit 1;
  if v_taken is not null then
    raise exception using
      errcode = 'MH409',
      message = format('MH_ENDPOINT_EXISTS: the project has an endpoint %s', v_taken),
      detail = '{"code": "MH_ENDPOINT_EXISTS"}', hint = 'Give options.name or options.alias another value.';
  end if;
end $$;
