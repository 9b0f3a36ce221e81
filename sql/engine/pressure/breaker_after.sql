-- A breaker after one attempt's outcome. Pure: the machine of docs/backpressure.md.
--   closed     a failure too many opens it; a success begins the count anew
--   open       what comes in late changes nothing
--   half_open  the probe's outcome alone decides: closed, or open once more; told nothing, another may probe
-- Called by: gate.
create or replace function meshhook_engine.breaker_after(p_breaker meshhook.breakers, p_seen jsonb, p_now timestamptz) returns meshhook.breakers
language plpgsql immutable as $$
declare
  b      meshhook.breakers := p_breaker;
  v_rule jsonb := p_seen -> 'breaker';
  v_ok   boolean := (p_seen ->> 'ok')::boolean;
  v_open boolean := false;
begin
  if b.state = 'half_open' then
    if b.probe_run is distinct from (p_seen ->> 'run')::uuid or b.probe_step is distinct from p_seen ->> 'step' then
      return b;
    end if;
    if v_ok then
      b.state := 'closed';
      b.failures := 0;
      b.window_start := null;
      b.open_until := null;
      b.cause := 'the probe succeeded';
    elsif v_ok is not null then
      v_open := true;
    end if;
    b.probe_run := null;
    b.probe_step := null;
    b.probe_until := null;
  elsif b.state = 'closed' and v_ok is not null then
    b.failures := case when v_ok then 0 else b.failures + 1 end;
    v_open := coalesce(b.failures >= (v_rule ->> 'failures')::int, false);
    if v_rule ->> 'rate' is not null then
      if b.window_start is null or p_now >= b.window_start + make_interval(secs => (v_rule -> 'window_ms')::float8 / 1000) then
        b.window_start := p_now;
        b.window_calls := 0;
        b.window_failures := 0;
      end if;
      b.window_calls := b.window_calls + 1;
      b.window_failures := b.window_failures + case when v_ok then 0 else 1 end;
      v_open := v_open or not v_ok and b.window_calls >= (v_rule -> 'min_calls')::int
        and b.window_failures >= (v_rule -> 'rate')::numeric * b.window_calls;
    end if;
  end if;
  if v_open then
    b.state := 'open';
    b.opened_at := p_now;
    b.open_until := p_now + make_interval(secs => (v_rule -> 'open_ms')::float8 / 1000);
    b.opens := b.opens + 1;
    b.cause := left(p_seen ->> 'cause', 500);
    b.window_start := null;
  end if;
  return b;
end $$;
