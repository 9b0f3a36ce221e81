-- What one attempt of a call amounts to: done, tried again, or failed for good.
--   {"output", "data"}                      the call succeeded; data is that of call.succeeded
--   {"retry": {attempt, delay_ms, draw, due, class}}   data of retry.scheduled, and the attempt it is for
--   {"error", "data"}                       the call failed; data is that of call.failed
-- Full jitter: the delay is the draw times the exponential bound. Retry-After lifts it, up to the cap. 410 never retries.
-- Called by: decide. Pure.
create or replace function meshhook_engine.judge(p_node jsonb, p_data jsonb, p_open jsonb, p_at timestamptz, p_draw float8) returns jsonb
language plpgsql immutable as $$
declare
  v_status   int := (p_data -> 'status')::int;
  v_attempt  int := (p_open -> 'a')::int;
  v_try      int := v_attempt - coalesce((p_open -> 'b')::int, 0);  -- since somebody retried the run
  v_now      bigint := (extract(epoch from p_at) * 1000)::bigint;
  v_took     bigint := v_now - (p_open -> 'since')::bigint;
  v_retry    jsonb;
  v_class    text;
  v_on       jsonb;
  v_bound    numeric;
  v_delay    bigint;
  v_after    bigint;
  v_error    jsonb;
begin
  if not p_data ? 'error' and meshhook_engine.status_in(v_status, p_node #> '{response,ok}') then
    return jsonb_build_object(
      'data', jsonb_build_object('attempts', v_attempt, 'duration_ms', v_took),
      'output', jsonb_build_object(
        'status', v_status, 'headers', coalesce(p_data -> 'headers', '{}'), 'body', p_data -> 'body',
        'attempts', v_attempt, 'duration_ms', v_took));
  end if;

  v_class := coalesce(p_data #>> '{error,class}', (v_status / 100) || 'xx');
  v_retry := p_node -> 'retry';
  v_on := v_retry -> 'on';
  if v_status is distinct from 410
     and v_try < (v_retry -> 'max_attempts')::int
     and (v_on ? v_class or (p_data -> 'error' is null and v_on ? v_status::text)) then
    v_bound := least((v_retry -> 'cap_ms')::numeric, (v_retry -> 'base_ms')::numeric * power((v_retry -> 'factor')::numeric, least(v_try - 1, 60)));
    v_delay := case v_retry ->> 'jitter' when 'none' then v_bound else v_bound * p_draw::numeric end;
    v_after := meshhook_engine.retry_after_ms(p_data #>> '{headers,retry-after}', p_at);
    if v_after is not null then
      v_delay := greatest(v_delay, least(v_after, (v_retry -> 'cap_ms')::bigint));
    end if;
    if v_retry ->> 'max_elapsed_ms' is null or v_took + v_delay <= (v_retry -> 'max_elapsed_ms')::bigint then
      return jsonb_build_object('retry', jsonb_build_object(
        'attempt', v_attempt + 1, 'delay_ms', v_delay, 'draw', p_draw, 'due', v_now + v_delay, 'class', v_class));
    end if;
  end if;

  v_error := case
    when p_data ? 'error' then p_data -> 'error'
    else jsonb_build_object('class', v_class, 'code', 'MH_CALL_STATUS', 'message',
      format('%s answered %s', coalesce(p_data ->> 'url', 'the target'), v_status)) end
    || jsonb_build_object('step', p_node ->> 'id', 'attempts', v_attempt);
  if v_status is not null then
    v_error := v_error || jsonb_build_object('status', v_status);
  end if;
  return jsonb_build_object('error', v_error, 'data', jsonb_build_object('error', v_error, 'attempts', v_attempt, 'duration_ms', v_took));
end $$;
