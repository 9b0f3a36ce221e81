-- What a role may do in a project:
--   view     read everything but secrets        operate  start and steer runs, deal with dead letters
--   edit     workflows, endpoints, variables    admin    members, secrets, limits          own  everything
-- Called by: require, my_projects.
create or replace function meshhook_engine.role_rights(p_role text) returns text[]
language sql immutable parallel safe
return case p_role
  when 'viewer'   then '{view}'::text[]
  when 'operator' then '{view,operate}'::text[]
  when 'editor'   then '{view,operate,edit}'::text[]
  when 'admin'    then '{view,operate,edit,admin}'::text[]
  when 'owner'    then '{view,operate,edit,admin,own}'::text[]
  else '{}'::text[] end;
