-- Starts new runs from the bytes of a request that was kept, and answers the primary one's id; they are added to those it
-- started before. Filter, dedupe and the endpoint's state do not hold it up. A refused request was never verified: it takes
-- saying so, and is accepted by that.
-- Locks: the request, then see accept. Notifies: see accept.
create or replace function meshhook.replay_request(id uuid, unverified boolean default false) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_request meshhook.requests := meshhook_engine.request_for(replay_request.id, 'operate');
  v_got     record;
begin
  if v_request.verdict = 'rejected' and not coalesce(unverified, false) then
    raise exception using
      errcode = 'MH409', message = format('MH_REQUEST_REJECTED: request %s did not prove where it comes from', replay_request.id),
      detail = jsonb_build_object('code', 'MH_REQUEST_REJECTED', 'cause', v_request.cause)::text,
      hint = 'meshhook.explain_request says why, meshhook.reevaluate verifies it again; unverified => true takes it as it is.';
  end if;
  perform from meshhook.requests q where q.id = v_request.id for no key update;
  select * into v_got from meshhook_engine.admit(null, array[v_request.id], true);
  if v_got.run_id is null then
    raise exception using
      errcode = 'MH409', message = format('MH_REPLAY_STARTED_NOTHING: the request would be %s%s', v_got.verdict, coalesce(': ' || v_got.cause, '')),
      detail = jsonb_build_object('code', 'MH_REPLAY_STARTED_NOTHING', 'verdict', v_got.verdict, 'cause', v_got.cause)::text,
      hint = 'Its endpoint needs a published workflow that is enabled, and the body must be what it says it is.';
  end if;
  perform meshhook_engine.audit(v_request.project_id, 'request.replayed', v_request.id::text,
    jsonb_build_object('run', v_got.run_id, 'unverified', v_request.verdict = 'rejected'));
  return v_got.run_id;
end $$;
comment on function meshhook.replay_request(uuid, boolean) is
  'Starts new runs from the kept bytes of a request; answers the primary run. A refused one takes unverified => true.';
