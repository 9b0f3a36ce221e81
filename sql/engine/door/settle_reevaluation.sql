-- What came of a refused request that went through the door again: p_refusal is null when it is verified now, and it enters as
-- if it came now, with its own id and moment; else {"verdict", "cause", "message", "trace"} says why not. Settling it twice
-- changes nothing. Answers the verdict.
-- Locks: the reevaluation, the request, then see accept.
-- Called by: every door, for what take_reevaluations handed out.
create or replace function meshhook_engine.settle_reevaluation(p_id bigint, p_refusal jsonb) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_one     meshhook.reevaluations;
  v_request meshhook.requests;
  v_got     record;
begin
  select * into v_one from meshhook.reevaluations r where r.id = p_id for no key update;
  if v_one.id is null or v_one.done_at is not null then
    return v_one.verdict;
  end if;
  select * into v_request from meshhook.requests q where q.id = v_one.request_id for no key update;
  if v_request.id is null then
    p_refusal := '{"cause": "MH_REQUEST_UNKNOWN", "message": "the request is not kept any more"}';
  elsif v_request.verdict <> 'rejected' then
    p_refusal := jsonb_build_object('verdict', v_request.verdict, 'cause', 'MH_REQUEST_NOT_REJECTED', 'message', 'it has entered meanwhile');
  end if;
  if p_refusal is null then
    select * into v_got from meshhook_engine.admit(null, array[v_one.request_id], false);
    update meshhook.reevaluations r
    set done_at = meshhook_engine.clock(), verdict = v_got.verdict, cause = v_got.cause
    where r.id = p_id;
    return v_got.verdict;
  end if;
  update meshhook.reevaluations r
  set done_at = meshhook_engine.clock(), verdict = coalesce(p_refusal ->> 'verdict', 'rejected'), cause = p_refusal ->> 'cause', message = p_refusal ->> 'message', trace = p_refusal -> 'trace'
  where r.id = p_id;
  return coalesce(p_refusal ->> 'verdict', 'rejected');
end $$;
