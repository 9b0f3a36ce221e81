-- Who is asking. The one reader of claims.
--
-- 'operator' for a superuser, the owner of the database, and a member of meshhook_admin; otherwise the login itself. A login
-- listed in meshhook.trusted_sessions speaks for others: then it is the claims' sub, or, when the session has taken on a role
-- that is meshhook_admin's, 'operator'. Null: nobody, who may do nothing.
-- session_user and the role setting are read because current_user is the owner of whatever SECURITY DEFINER function asks.
-- Called by: require, my_projects, policies, verbs that record who did something. Takes no locks.
create or replace function meshhook.principal() returns text
language plpgsql stable parallel safe security definer set search_path = '' as $$
declare
  v_role   text := current_setting('role', true);
  v_claims text := current_setting('request.jwt.claims', true);
begin
  if exists (select from meshhook.trusted_sessions t where t.role_name = session_user) then
    if v_role <> 'none' and pg_catalog.pg_has_role(v_role, 'meshhook_admin', 'usage')
       and not exists (select from pg_catalog.pg_roles r where r.rolname = v_role and r.rolsuper) then
      return 'operator';
    end if;
    if v_claims <> '' then
      -- Claims without a sub are nobody's, and the word for operators is nobody's name.
      return nullif(nullif(v_claims::jsonb ->> 'sub', ''), 'operator');
    end if;
    if not meshhook_engine.is_owner_session() then
      return null;
    end if;
    return 'operator';
  end if;
  if meshhook_engine.is_owner_session() or pg_catalog.pg_has_role(session_user, 'meshhook_admin', 'member') then
    return 'operator';
  end if;
  return nullif(session_user::text, 'operator');
end $$;
comment on function meshhook.principal() is
  'Who is asking: operator, the sub of believed claims, or the login. Null is nobody.';
