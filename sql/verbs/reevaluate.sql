-- Has a refused request go through the door again, with the secrets and the verification that its endpoint has by now: the
-- bytes that were kept, the headers as they came, and the time at which they came. A door does it within seconds of the
-- commit, because cryptography is its business; the answer is the id under which meshhook.reevaluation_list tells what came
-- of it. A request that is verified now enters as if it came now, with its own id and moment of arrival.
-- Locks: none. Notifies nobody.
create or replace function meshhook.reevaluate(id uuid) returns bigint
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_request meshhook.requests := meshhook_engine.request_for(reevaluate.id, 'operate');
  v_one     bigint;
begin
  if v_request.verdict <> 'rejected' then
    raise exception using
      errcode = 'MH409', message = format('MH_REQUEST_NOT_REJECTED: request %s was not refused, it is %s', reevaluate.id, v_request.verdict),
      detail = jsonb_build_object('code', 'MH_REQUEST_NOT_REJECTED', 'verdict', v_request.verdict)::text,
      hint = 'meshhook.replay_request starts a new run from what was kept of it.';
  elsif v_request.evidence is null then
    raise exception using
      errcode = 'MH409', message = format('MH_REQUEST_NO_EVIDENCE: what request %s showed was not kept', reevaluate.id),
      detail = '{"code": "MH_REQUEST_NO_EVIDENCE"}',
      hint = 'The door keeps it sealed, for which it needs MESHHOOK_KEK. meshhook.replay_request(id, unverified => true) takes the bytes as they are.';
  end if;
  insert into meshhook.reevaluations (project_id, request_id, requested_by, requested_at)
  values (v_request.project_id, v_request.id, meshhook.principal(), meshhook_engine.clock())
  on conflict (request_id) where done_at is null do nothing
  returning reevaluations.id into v_one;
  if v_one is null then
    select max(r.id) into v_one from meshhook.reevaluations r where r.project_id = v_request.project_id and r.request_id = v_request.id;
    return v_one;
  end if;
  perform meshhook_engine.audit(v_request.project_id, 'request.reevaluated', v_request.id::text, '{}');
  return v_one;
end $$;
comment on function meshhook.reevaluate(uuid) is
  'Has a refused request verified again by a door, with the secrets there are now; meshhook.reevaluation_list tells what came of it.';
