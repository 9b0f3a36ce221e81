-- Adds a signing secret to an endpoint, sealed outside the database under the id given; several may be live at a time.
-- The door takes it up within a second. Locks: none but its row. Notifies nobody.
create or replace function meshhook.add_endpoint_secret(
  endpoint uuid, id uuid, key_id uuid, sealed bytea, fingerprint text, valid_from timestamptz default null, valid_until timestamptz default null)
returns uuid
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require_endpoint(endpoint, 'admin');
begin
  perform meshhook_engine.check_sealed(v_project, add_endpoint_secret.key_id, add_endpoint_secret.sealed);
  if add_endpoint_secret.valid_until <= coalesce(add_endpoint_secret.valid_from, now()) then
    raise exception using
      errcode = 'MH400', message = 'MH_SECRET_WINDOW: the secret would end before it begins',
      detail = '{"code": "MH_SECRET_WINDOW"}', hint = 'valid_until comes after valid_from and after now.';
  end if;
  if add_endpoint_secret.id is null or coalesce(add_endpoint_secret.fingerprint, '') !~ '^[0-9a-f]{8,64}$' then
    raise exception using
      errcode = 'MH400', message = 'MH_SECRET_FINGERPRINT: an id and a fingerprint of 8 to 64 hex digits are needed',
      detail = '{"code": "MH_SECRET_FINGERPRINT"}', hint = 'Use meshhook endpoint secret add.';
  end if;
  insert into meshhook.endpoint_secrets (id, endpoint_id, project_id, key_id, sealed, fingerprint, valid_from, valid_until)
  values (add_endpoint_secret.id, add_endpoint_secret.endpoint, v_project, add_endpoint_secret.key_id, add_endpoint_secret.sealed,
          add_endpoint_secret.fingerprint, add_endpoint_secret.valid_from, add_endpoint_secret.valid_until);
  return add_endpoint_secret.id;
end $$;
comment on function meshhook.add_endpoint_secret(uuid, uuid, uuid, bytea, text, timestamptz, timestamptz) is
  'Adds a sealed signing secret to an endpoint; use meshhook endpoint secret add, which seals it.';
