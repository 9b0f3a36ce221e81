-- A breaker after a call has asked whether it may go: when its time is over, or its probe is overdue, this call is the probe.
-- Half open means one call: it may be handed out again (its process died).
-- Pure. Called by: gate.
create or replace function meshhook_engine.breaker_asked(p_breaker meshhook.breakers, p_item jsonb, p_now timestamptz) returns meshhook.breakers
language plpgsql immutable as $$
declare
  b meshhook.breakers := p_breaker;
begin
  if b.state = 'open' and p_now >= b.open_until
     or b.state = 'half_open' and (b.probe_until is null or p_now >= b.probe_until
       or b.probe_run = (p_item ->> 'run')::uuid and b.probe_step = p_item ->> 'step') then
    b.state := 'half_open';
    b.probe_run := (p_item ->> 'run')::uuid;
    b.probe_step := p_item ->> 'step';
    b.probe_until := p_now + make_interval(secs => (p_item -> 'timeout_ms')::float8 / 1000 + 30);
  end if;
  return b;
end $$;
