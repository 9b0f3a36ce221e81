-- Checks a right in the project of an endpoint, given by id. Whoever is no member learns no more than that there is no such
-- endpoint. Takes no lock.
-- Called by: verbs on one endpoint.
create or replace function meshhook_engine.require_endpoint(p_endpoint uuid, p_right text) returns int
language plpgsql stable security definer set search_path = '' as $$
declare
  v_project int;
  v_slug    text;
begin
  select e.project_id, p.slug into v_project, v_slug
  from meshhook.endpoints e join meshhook.projects p on p.id = e.project_id where e.id = p_endpoint;
  if v_project is null or not v_project = any (meshhook_engine.my_projects('view')) then
    raise exception using
      errcode = 'MH404',
      message = format('MH_ENDPOINT_UNKNOWN: there is no endpoint %s', coalesce(p_endpoint::text, 'null')),
      detail = jsonb_build_object('code', 'MH_ENDPOINT_UNKNOWN', 'endpoint', p_endpoint)::text,
      hint = 'select id, name from meshhook.endpoint_list lists those there are.';
  end if;
  return meshhook_engine.require(v_slug, p_right);
end $$;
