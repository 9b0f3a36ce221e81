-- What tests of the door's SQL share beside flow.sql: endpoints made by name, requests at them.
create function pg_temp.endpoint(name text, state text default 'active') returns uuid language sql as $$
  insert into meshhook.endpoints (id, project_id, token, name, state) select gen_random_uuid(), id, 'token-' || endpoint.name, endpoint.name, endpoint.state from meshhook.projects where slug = 'proof' returning id $$;
create function pg_temp.item(endpoint uuid, type text default 'application/json') returns jsonb language sql as $$
  select jsonb_build_object('endpoint', endpoint, 'method', 'POST', 'path', '/hooks/x', 'query', '{"q": "1"}'::jsonb, 'headers', jsonb_strip_nulls(jsonb_build_object('content-type', type)), 'remote', '127.0.0.1') $$;
create temp table ends (name text, id uuid);
