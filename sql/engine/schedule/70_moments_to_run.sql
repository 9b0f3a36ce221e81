-- The due moments of a schedule that are to be run now, at most p_limit of them, and the next one after them.
-- A moment is late once it is more than a minute past (for @every under a minute: its interval, five seconds at least): late
-- ones are what catch_up is about. none: they are left out; last: the latest due moment stands for them; all: each is run, the
-- oldest first, what does not fit into p_limit in the next pass.
-- Raises what parse_cron and a time zone that is gone raise. Called by: wake_schedules.
create or replace function meshhook_engine.moments_to_run(
  p_schedule meshhook.schedules, p_limit int, p_now timestamptz, out moments timestamptz[], out next_due timestamptz)
language plpgsql stable as $$
declare
  v_cron  meshhook_engine.cron := meshhook_engine.parse_cron(p_schedule.cron);
  v_grace interval := case when v_cron.every_ms is null then interval '1 minute'
                           else least(interval '1 minute', greatest(interval '5 seconds', interval '1 millisecond' * v_cron.every_ms)) end;
  v_after timestamptz := p_schedule.next_due - interval '1 microsecond';
  v_upto  timestamptz := p_now;
begin
  if p_schedule.catch_up = 'all' then
    moments := meshhook_engine.due_moments(v_cron, p_schedule.timezone, p_schedule.anchor, v_after, p_now, p_limit);
    if cardinality(moments) = p_limit then
      v_upto := moments[p_limit];
    end if;
  else
    moments := meshhook_engine.due_moments(
      v_cron, p_schedule.timezone, p_schedule.anchor, greatest(v_after, p_now - v_grace), p_now, p_limit, true);
    if moments = '{}' and p_schedule.catch_up = 'last' then
      moments := meshhook_engine.due_moments(v_cron, p_schedule.timezone, p_schedule.anchor, v_after, p_now, 1, true);
    end if;
  end if;
  next_due := meshhook_engine.due_after(v_cron, p_schedule.timezone, p_schedule.anchor, v_upto);
end $$;
