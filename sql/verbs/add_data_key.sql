-- Gives a project a data key, wrapped by the key-encryption key that kek_id names. The newest one seals; older ones still
-- open what they sealed. Locks: none but its row. Notifies nobody.
create or replace function meshhook.add_data_key(project text, id uuid, kek_id text, wrapped bytea) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'admin');
begin
  if add_data_key.id is null or add_data_key.kek_id is null or octet_length(add_data_key.wrapped) is distinct from 60 then
    raise exception using
      errcode = 'MH400',
      message = 'MH_KEY_INVALID: a data key is 32 bytes wrapped by AES-256-GCM, 60 bytes in all, with an id and the name of the key around it',
      detail = '{"code": "MH_KEY_INVALID"}', hint = 'meshhook secret set makes one by itself.';
  end if;
  insert into meshhook.key_ring (id, project_id, kek_id, wrapped)
  values (add_data_key.id, v_project, add_data_key.kek_id, add_data_key.wrapped);
  return add_data_key.id;
end $$;
comment on function meshhook.add_data_key(text, uuid, text, bytea) is
  'Adds a data key to a project, wrapped outside the database; meshhook secret set does it when a project has none.';
