-- The due moments in (p_after, p_upto], in order: the first p_limit of them, or with p_latest the last p_limit.
--
-- A cron text names local times; each is one moment, by AT TIME ZONE: a local time that is skipped when clocks go forward falls
-- due as much later as they went, one that comes twice falls due the second time. So two local times may be one moment, and
-- their order may change around a skipped hour: moments are compared and made distinct, not local times, and the search
-- begins a local day early and ends one late.
-- The search goes day by day in steps that grow, so that neither a dense nor a rare text reads many days in vain.
-- @every is counted from p_anchor, not stepped. Takes no lock, reads no table.
-- Called by: next_due, add_schedule, resume_schedule, wake_schedules.
create or replace function meshhook_engine.due_moments(
  p_cron meshhook_engine.cron, p_zone text, p_anchor timestamptz, p_after timestamptz, p_upto timestamptz, p_limit int,
  p_latest boolean default false)
returns timestamptz[]
language plpgsql stable as $$
declare
  v_found timestamptz[] := '{}'::timestamptz[];
  v_more  timestamptz[];
  v_lo    timestamptz := p_after;
  v_hi    timestamptz := p_upto;
  v_hours int := 24;
  v_from  bigint;
  v_to    bigint;
begin
  if p_cron.every_ms is not null then
    v_from := greatest(floor(extract(epoch from p_after - p_anchor) * 1000 / p_cron.every_ms) + 1, 1);
    v_to := floor(extract(epoch from p_upto - p_anchor) * 1000 / p_cron.every_ms);
    if p_latest then
      v_from := greatest(v_from, v_to - p_limit + 1);
    else
      v_to := least(v_to, v_from + p_limit - 1);
    end if;
    return array(select p_anchor + interval '1 millisecond' * (k * p_cron.every_ms) from generate_series(v_from, v_to) k);
  end if;

  while p_after < p_upto and cardinality(v_found) < p_limit loop
    if p_latest then
      v_lo := greatest(p_after, v_hi - make_interval(hours => v_hours));
    else
      v_hi := least(p_upto, v_lo + make_interval(hours => v_hours));
    end if;
    v_more := array(
      select distinct m.moment
      from (
        select (v_lo at time zone p_zone)::date - 1 + g as day
        from generate_series(0, (v_hi at time zone p_zone)::date - (v_lo at time zone p_zone)::date + 2) g
      ) d
      cross join unnest(p_cron.hours) hour
      cross join unnest(p_cron.minutes) minute
      cross join lateral (select (d.day + make_time(hour, minute, 0)) at time zone p_zone as moment) m
      where extract(month from d.day)::int = any (p_cron.months)
        and case when p_cron.either then meshhook_engine.cron_day(p_cron, d.day) or extract(dow from d.day)::int = any (p_cron.weekdays)
                 else meshhook_engine.cron_day(p_cron, d.day) and extract(dow from d.day)::int = any (p_cron.weekdays) end
        and m.moment > v_lo and m.moment <= v_hi
      order by 1);
    if p_latest then
      v_found := v_more || v_found;
      v_hi := v_lo;
      exit when v_lo <= p_after;
    else
      v_found := v_found || v_more;
      v_lo := v_hi;
      exit when v_hi >= p_upto;
    end if;
    if v_more = '{}' then
      v_hours := least(v_hours * 4, 24 * 2000);
    end if;
  end loop;
  return case when p_latest then v_found[greatest(cardinality(v_found) - p_limit + 1, 1) :] else v_found[: p_limit] end;
end $$;
