-- The trigger of a run started by a webhook, from its request; {"problem"} beside it when the request is gone or its bytes
-- are not those that started the run.
-- Called by: refold.
create or replace function meshhook_engine.refold_request(p_started jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_request meshhook.requests;
  v_hash    text;
begin
  select * into v_request from meshhook.requests q where q.id = (p_started ->> 'request')::uuid;
  if v_request.id is null then
    return jsonb_build_object('trigger', null, 'problem', jsonb_build_object(
      'seq', 1, 'code', 'MH_REQUEST_GONE', 'expected', p_started -> 'request', 'got', null));
  end if;
  v_hash := left(encode(sha256(coalesce(v_request.body, '')), 'hex'), 32);
  if v_hash <> p_started ->> 'body_sha256' then
    return jsonb_build_object('trigger', null, 'problem', jsonb_build_object(
      'seq', 1, 'code', 'MH_REQUEST_TAMPERED', 'expected', p_started -> 'body_sha256', 'got', v_hash));
  end if;
  return jsonb_build_object('trigger', meshhook_engine.trigger_of(
    v_request.id, v_request.endpoint_id, meshhook_engine.iso(v_request.received_at), v_request.method, v_request.path, v_request.query,
    v_request.headers, meshhook_engine.parse_body(v_request.headers ->> 'content-type', v_request.body)));
end $$;
