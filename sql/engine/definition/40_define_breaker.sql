-- The breaker of a call: checks it, and compiles it with its defaults; null when the node has none.
-- Called by: define_http_call.
create or replace function meshhook_engine.define_breaker(
  p_breaker jsonb, p_path text, p_node text, out problems meshhook_engine.problem[], out compiled jsonb)
language plpgsql immutable as $$
begin
  problems := '{}';
  if p_breaker is null then
    return;
  end if;
  problems := meshhook_engine.check_fields(p_breaker, '{
    "key": {"is": "text", "max": 200}, "failures": {"is": "int", "min": 1, "max": 1000},
    "rate": {"is": "number", "min": 0.01, "max": 1}, "window": {"is": "duration", "min": 1000, "max": 86400000},
    "min_calls": {"is": "int", "min": 1, "max": 100000}, "open_for": {"is": "duration", "min": 1000, "max": 86400000},
    "when_open": {"is": "choice", "of": ["wait", "fail"]}}', p_path, p_node);
  if jsonb_typeof(p_breaker) = 'object' and p_breaker ?| array['window', 'min_calls'] and not p_breaker ? 'rate' then
    problems := problems || meshhook_engine.problem('MH_DEF_MISSING', p_path || '/rate', p_node,
      '"rate" is missing: window and min_calls say over which calls a failure rate is taken');
  end if;
  if p_breaker ->> 'key' = '' then
    problems := problems || meshhook_engine.problem('MH_DEF_RANGE', p_path || '/key', p_node, 'an empty key; leave it out to take the host of the url');
  end if;
  compiled := jsonb_build_object(
    'key', p_breaker -> 'key',
    'failures', coalesce(p_breaker -> 'failures', case when not p_breaker ? 'rate' then '5'::jsonb end),
    'rate', p_breaker -> 'rate',
    'window_ms', coalesce(meshhook_engine.parse_duration(p_breaker ->> 'window'), 60000),
    'min_calls', coalesce(p_breaker -> 'min_calls', '10'),
    'open_ms', coalesce(meshhook_engine.parse_duration(p_breaker ->> 'open_for'), 60000),
    'fail', coalesce(p_breaker ->> 'when_open' = 'fail', false));
end $$;
