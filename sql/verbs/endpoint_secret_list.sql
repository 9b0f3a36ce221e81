-- The signing secrets of an endpoint by fingerprint, newest first; never a value. Takes no lock.
create or replace function meshhook.endpoint_secret_list(endpoint uuid)
returns table (id uuid, fingerprint text, valid_from timestamptz, valid_until timestamptz, revoked_at timestamptz, created_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
  perform meshhook_engine.require_endpoint(endpoint, 'view');
  return query
    select s.id, s.fingerprint, s.valid_from, s.valid_until, s.revoked_at, s.created_at
    from meshhook.endpoint_secrets s where s.endpoint_id = endpoint_secret_list.endpoint
    order by s.created_at desc, s.id desc;
end $$;
comment on function meshhook.endpoint_secret_list(uuid) is 'Signing secrets of an endpoint by fingerprint, newest first. No value is ever shown.';
