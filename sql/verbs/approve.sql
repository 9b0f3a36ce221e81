-- Says yes by a one-time link's token. The token is the right: no role is asked for.
-- Locks and notifies: see answer_approval.
create or replace function meshhook.approve(token text, note text default null) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform meshhook_engine.answer_approval(token, true, note, coalesce(meshhook.principal(), session_user));
end $$;
comment on function meshhook.approve(text, text) is 'Approves by the token of a one-time link; the run that asks goes on. Whoever has the token may.';
