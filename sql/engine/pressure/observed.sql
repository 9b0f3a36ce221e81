-- What one attempt tells about its destination; null when the node has no breaker. ok is null when it tells nothing: the call
-- never got there (blocked, no secret, refused by the breaker itself), or nobody knows whether it did (after a restore). An
-- answer that is no fault of the destination counts as one that works: 404 is an answer.
-- Reads the recorded request for its host when the breaker has no key. Called by: deliver.
create or replace function meshhook_engine.observed(p_run meshhook.runs, p_step text, p_node jsonb, p_data jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_breaker jsonb := p_node -> 'breaker';
  v_status  int := (p_data -> 'status')::int;
  v_class   text := p_data #>> '{error,class}';
begin
  if v_breaker -> 'open_ms' is null then
    return null;
  end if;
  return jsonb_build_object(
    'project', p_run.project_id, 'run', p_run.id, 'step', p_step, 'breaker', v_breaker,
    'key', coalesce(v_breaker ->> 'key', meshhook_engine.url_host(
      meshhook_engine.intent(p_run.id, p_step, (p_run.frontier #> array['open', p_step, 'q'])::int, null) ->> 'url'), ''),
    'ok', case
      when v_class in ('blocked', 'secret', 'internal', 'breaker') or p_data #>> '{error,code}' = 'MH_RESTORED' then null
      when v_class in ('network', 'timeout', 'tls') then false
      when v_class is null and (v_status >= 500 or v_status = 429) then meshhook_engine.status_in(v_status, p_node #> '{response,ok}')
      else true end,
    'cause', coalesce(p_data #>> '{error,message}', 'status ' || v_status));
end $$;
