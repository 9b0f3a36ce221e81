-- Keeps a secret, sealed outside the database as the version given; answers the version. A version that another writer took
-- meanwhile is refused (MH_SECRET_RACE), because the seal names the version it was made for. Locks: the row. Notifies nobody.
create or replace function meshhook.put_secret(project text, name text, key_id uuid, sealed bytea, version int default 1) returns int
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'admin');
begin
  if put_secret.name is null or put_secret.name !~ '^[a-zA-Z_][a-zA-Z0-9_]{0,62}$' then
    raise exception using
      errcode = 'MH400',
      message = format('MH_SECRET_NAME: %s is no name for a secret', coalesce(quote_literal(left(put_secret.name, 100)), 'null')),
      detail = '{"code": "MH_SECRET_NAME"}', hint = 'Letters, digits and _, 63 at most, no digit first.';
  end if;
  perform meshhook_engine.check_sealed(v_project, put_secret.key_id, put_secret.sealed);
  if put_secret.version = 1 then
    insert into meshhook.secrets (project_id, name, version, key_id, sealed)
    values (v_project, put_secret.name, 1, put_secret.key_id, put_secret.sealed)
    on conflict (project_id, name) do nothing;
  else
    update meshhook.secrets s
    set version = put_secret.version, key_id = put_secret.key_id, sealed = put_secret.sealed, updated_at = now()
    where s.project_id = v_project and s.name = put_secret.name and s.version = put_secret.version - 1;
  end if;
  if not found then
    raise exception using
      errcode = 'MH409',
      message = format('MH_SECRET_RACE: secret %s is not at version %s any more', quote_literal(put_secret.name), put_secret.version - 1),
      detail = '{"code": "MH_SECRET_RACE"}', hint = 'Somebody else set or deleted it; look at meshhook.secret_list and try again.';
  end if;
  return put_secret.version;
end $$;
comment on function meshhook.put_secret(text, text, uuid, bytea, int) is
  'Keeps a secret that was sealed outside the database. Write-only: nothing returns its value. Use meshhook secret set.';
