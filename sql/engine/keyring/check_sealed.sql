-- Refuses what cannot have been sealed by a data key of the project: an unknown or foreign key, a size no seal has.
-- Nothing here could open it: this only keeps plain text and mix-ups out of the table.
-- Called by: put_secret, add_endpoint_secret.
create or replace function meshhook_engine.check_sealed(p_project int, p_key uuid, p_sealed bytea) returns void
language plpgsql stable as $$
begin
  if not exists (select from meshhook.key_ring k where k.id = p_key and k.project_id = p_project) then
    raise exception using
      errcode = 'MH409',
      message = 'MH_KEY_UNKNOWN: the value was sealed by a key that the project does not have',
      detail = '{"code": "MH_KEY_UNKNOWN"}', hint = 'Ask meshhook.seal_plan for the current key and seal again.';
  end if;
  if p_sealed is null or octet_length(p_sealed) not between 29 and 65564 then
    raise exception using
      errcode = 'MH400',
      message = format('MH_SECRET_SIZE: a sealed value has 29 to 65564 bytes, this has %s', coalesce(octet_length(p_sealed), 0)),
      detail = '{"code": "MH_SECRET_SIZE"}', hint = 'A secret is 1 to 65536 bytes long; use meshhook secret set.';
  end if;
end $$;
