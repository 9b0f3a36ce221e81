-- May this call go, as the breaker stands after it has asked? null for yes, else when to ask again ({"due": milliseconds since
-- 1970, "gate"}) or the error to fail with ({"refused"}).
-- Pure. Called by: gate.
create or replace function meshhook_engine.breaker_verdict(p_breaker meshhook.breakers, p_item jsonb, p_now timestamptz) returns jsonb
language plpgsql immutable as $$
begin
  if p_breaker.state = 'closed'
     or p_breaker.state = 'half_open' and p_breaker.probe_run = (p_item ->> 'run')::uuid and p_breaker.probe_step = p_item ->> 'step' then
    return null;
  end if;
  if (p_item #> '{breaker,fail}')::boolean then
    return jsonb_build_object('refused', jsonb_build_object(
      'class', 'breaker', 'code', 'MH_BREAKER_OPEN', 'message', format('the breaker %s is open%s', p_breaker.key, coalesce(': ' || p_breaker.cause, ''))));
  end if;
  -- Asked again at least once an hour: a breaker that somebody tripped has no end of its own.
  return jsonb_build_object(
    'due', (extract(epoch from least(case p_breaker.state when 'open' then p_breaker.open_until else p_breaker.probe_until end, p_now + interval '1 hour')) * 1000)::bigint,
    'gate', 'breaker:' || p_breaker.key);
end $$;
