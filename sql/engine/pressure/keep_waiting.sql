-- Of the calls whose wait for a breaker is over, one goes on, to be the probe; the others wait for what comes of it. Without
-- this each of them would become a queue row only to be told to wait again: thousands, when a destination is long away.
-- Locks: breakers by (project, key), skip locked, then waits, skip locked; what is locked is left to whoever holds it.
-- Called by: wake, before it takes runs.
create or replace function meshhook_engine.keep_waiting(p_now timestamptz) returns void
language plpgsql volatile as $$
declare
  v_breaker meshhook.breakers;
  v_until   timestamptz;
begin
  for v_breaker in
    select l.*
    from (
      select distinct w.project_id, substr(w.gate, 9) as key from meshhook.waits w
      where w.due_at <= p_now and w.gate like 'breaker:%'
      order by 1, 2
    ) d
    cross join lateral (
      select * from meshhook.breakers b where b.project_id = d.project_id and b.key = d.key and b.state <> 'closed' for update skip locked) l
  loop
    v_until := case
      when v_breaker.state = 'open' and p_now < v_breaker.open_until then least(v_breaker.open_until, p_now + interval '1 hour')
      when v_breaker.state = 'half_open' and p_now < v_breaker.probe_until then v_breaker.probe_until end;
    with late as (
      select w.run_id, w.step from meshhook.waits w
      where w.due_at <= p_now and w.project_id = v_breaker.project_id and w.gate = 'breaker:' || v_breaker.key and w.gate like 'breaker:%'
      order by w.due_at, w.run_id, w.step
      offset case when v_until is null then 1 else 0 end
      for update skip locked
    )
    update meshhook.waits w set due_at = coalesce(v_until, p_now + interval '5 seconds')
    from late where w.run_id = late.run_id and w.step = late.step;
  end loop;
end $$;
