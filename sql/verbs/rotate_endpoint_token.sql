-- A new token for an endpoint; the old URL is unknown from the commit on.
-- Locks: the endpoint row. Notifies nobody.
create or replace function meshhook.rotate_endpoint_token(endpoint uuid) returns table (token text, path text)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_token text := meshhook_engine.new_token();
begin
  perform meshhook_engine.require_endpoint(endpoint, 'edit');
  update meshhook.endpoints e set token = v_token, updated_at = now() where e.id = endpoint;
  return query select v_token, '/hooks/' || v_token;
end $$;
comment on function meshhook.rotate_endpoint_token(uuid) is 'Gives an endpoint a new URL; the old one stops at once.';
