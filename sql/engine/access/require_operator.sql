-- Raises MH403 unless the caller operates every project: a superuser, the database's owner, a member of meshhook_admin.
-- Called by: requeue.
create or replace function meshhook_engine.require_operator() returns void
language plpgsql stable as $$
begin
  if meshhook.principal() is distinct from 'operator' then
    raise exception using
      errcode = 'MH403', message = 'MH_FORBIDDEN: this is for operators of the whole installation',
      detail = '{"code": "MH_FORBIDDEN"}', hint = 'Log in as the owner of the database or as a member of meshhook_admin.';
  end if;
end $$;
