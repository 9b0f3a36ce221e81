-- The token of an endpoint, for those who may edit its project; null for everybody else: whoever knows it may send.
-- Called by: endpoint_list.
create or replace function meshhook_engine.shown_token(p_endpoint uuid) returns text
language sql stable security definer set search_path = '' as $$
  select e.token from meshhook.endpoints e
  where e.id = p_endpoint and e.project_id = any ((select meshhook_engine.my_projects('edit'))::int[])
$$;
