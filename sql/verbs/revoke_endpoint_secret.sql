-- Revokes a signing secret of an endpoint: the door refuses what it signed, at most a second later. Answers whether it was
-- live. Locks: the row. Notifies nobody.
create or replace function meshhook.revoke_endpoint_secret(endpoint uuid, id uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  perform meshhook_engine.require_endpoint(endpoint, 'admin');
  update meshhook.endpoint_secrets s set revoked_at = now()
  where s.endpoint_id = revoke_endpoint_secret.endpoint and s.id = revoke_endpoint_secret.id and s.revoked_at is null;
  return found;
end $$;
comment on function meshhook.revoke_endpoint_secret(uuid, uuid) is 'Revokes a signing secret of an endpoint; true when it was live.';
