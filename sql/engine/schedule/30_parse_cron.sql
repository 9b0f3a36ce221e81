-- A cron text, read, or an error that says where it goes wrong (docs/schedules.md has the language).
-- Five fields (minute, hour, day of month, month, day of week), @hourly and the like, or @every and a duration.
-- Either: both the day of month and the day of week are given, none of them beginning with *: then one of them is enough.
-- That it ever falls due is next_due's to find out. Called by: add_schedule, next_due, wake_schedules.
create or replace function meshhook_engine.parse_cron(p_text text) returns meshhook_engine.cron
language plpgsql immutable as $$
declare
  r        meshhook_engine.cron;
  v_text   text := p_text;
  v_fields text[] := '{}'::text[];
  v_places int[] := '{}'::int[];
  v_at     int := 1;
  v_field  text;
  v_rest   text;
begin
  if btrim(coalesce(p_text, ''), E' \t') = '' then
    perform meshhook_engine.refuse_cron('MH_CRON_EMPTY', 1, 'the cron text is empty', 'Give five fields such as 30 2 * * *, or @daily, or @every 15m.');
  end if;
  if length(p_text) > 200 then
    perform meshhook_engine.refuse_cron('MH_CRON_TOO_LONG', 201, format('the cron text has %s characters', length(p_text)), 'At most 200 are allowed.');
  end if;
  v_at := 1 + length(p_text) - length(ltrim(p_text, E' \t'));
  v_text := btrim(p_text, E' \t');

  if v_text ~* '^(cron_)?tz=' then
    perform meshhook_engine.refuse_cron('MH_CRON_TIMEZONE', v_at, 'a time zone has no place in the cron text', 'Give it as timezone => ''Europe/Berlin''.');
  end if;
  if v_text like '@%' then
    v_field := lower(substring(v_text from '^[^ \t]+'));
    v_rest := ltrim(substr(v_text, length(v_field) + 1), E' \t');
    if v_field = '@every' then
      r.every_ms := case when v_rest ~ '^[0-9.a-z]+$' then meshhook_engine.parse_duration(v_rest) end;
      if r.every_ms is null or r.every_ms < 1000 then
        perform meshhook_engine.refuse_cron('MH_CRON_EVERY', v_at + length(v_text) - length(v_rest),
          format('%s is no interval', quote_literal(left(v_rest, 60))), 'Give something like @every 90s, 15m or 1h30m: a second at least, ten years at most.');
      end if;
      return r;
    end if;
    v_text := case when v_rest = '' then case v_field
      when '@yearly' then '0 0 1 1 *' when '@annually' then '0 0 1 1 *' when '@monthly' then '0 0 1 * *' when '@weekly' then '0 0 * * 0'
      when '@daily' then '0 0 * * *' when '@midnight' then '0 0 * * *' when '@hourly' then '0 * * * *' end end;
    if v_text is null then
      perform meshhook_engine.refuse_cron('MH_CRON_MACRO', v_at, format('%s is not known', quote_literal(left(p_text, 60))),
        'There are @hourly, @daily (@midnight), @weekly, @monthly, @yearly (@annually) and @every <duration>.');
    end if;
  end if;

  loop
    v_field := substring(v_text from '^[^ \t]+');
    exit when v_field is null;
    v_fields := v_fields || v_field;
    v_places := v_places || v_at;
    v_rest := ltrim(substr(v_text, length(v_field) + 1), E' \t');
    v_at := v_at + length(v_text) - length(v_rest);
    v_text := v_rest;
  end loop;
  if cardinality(v_fields) <> 5 then
    perform meshhook_engine.refuse_cron('MH_CRON_FIELDS', coalesce(v_places[6], v_at),
      format('there are %s fields, not five', cardinality(v_fields)),
      'The fields are minute, hour, day of month, month, day of week; there are no seconds and no years: for less than a minute use @every 30s.');
  end if;
  r.minutes := meshhook_engine.cron_field(v_fields[1], v_places[1], 'minute', 0, 59, null);
  r.hours := meshhook_engine.cron_field(v_fields[2], v_places[2], 'hour', 0, 23, null);
  r.last_day := upper(v_fields[3]) = 'L';
  r.days := case when r.last_day then '{}'::int[] else meshhook_engine.cron_field(v_fields[3], v_places[3], 'day of month', 1, 31, null) end;
  r.months := meshhook_engine.cron_field(v_fields[4], v_places[4], 'month', 1, 12, '{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}');
  r.weekdays := meshhook_engine.cron_field(v_fields[5], v_places[5], 'day of week', 0, 7, '{SUN,MON,TUE,WED,THU,FRI,SAT}');
  r.either := v_fields[3] not like '*%' and v_fields[5] not like '*%';
  return r;
end $$;
