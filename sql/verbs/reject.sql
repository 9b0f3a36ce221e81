-- Says no by a one-time link's token: the step that asks fails with MH_REJECTED. The token is the right: no role is asked for.
-- Locks and notifies: see answer_approval.
create or replace function meshhook.reject(token text, note text default null) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform meshhook_engine.answer_approval(token, false, note, coalesce(meshhook.principal(), session_user));
end $$;
comment on function meshhook.reject(text, text) is 'Rejects by the token of a one-time link; the step that asks fails with MH_REJECTED. Whoever has the token may.';
