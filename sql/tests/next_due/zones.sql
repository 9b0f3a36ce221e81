-- Local time: an hour that is skipped falls due once, as much later as the clocks went; one that comes twice falls due once.
begin;
select plan(22);
create function pg_temp.due(cron text, zone text, after timestamptz, count int default 3) returns text language sql as $$
  select string_agg(to_char(d at time zone zone, 'DD HH24:MI') || to_char(d at time zone 'UTC', '=HH24:MI'), ', ' order by d) from meshhook.next_due(cron, zone, after, count) d $$;
-- New York, 8 March 2026: 2:00 to 3:00 is skipped.
select is(pg_temp.due('30 2 * * *', 'America/New_York', '2026-03-07 12:00Z'), '08 03:30=07:30, 09 02:30=06:30, 10 02:30=06:30', 'a skipped time is moved forward, once');
select is(pg_temp.due('0,30 * * * *', 'America/New_York', '2026-03-08 06:15Z', 4), '08 01:30=06:30, 08 03:00=07:00, 08 03:30=07:30, 08 04:00=08:00', 'moved times that are due anyway are not doubled');
select is(pg_temp.due('0 1-4 * * *', 'America/New_York', '2026-03-08 05:00Z', 4), '08 01:00=06:00, 08 03:00=07:00, 08 04:00=08:00, 09 01:00=05:00', 'nor in a range');
select is(pg_temp.due('45 2 * * *', 'America/New_York', '2026-03-08 07:20Z', 1), '08 03:45=07:45', 'asked after the clocks went forward, the moved time is still to come');
select is(pg_temp.due('15 3,2 * * *', 'America/New_York', '2026-03-08 07:10Z', 2), '08 03:15=07:15, 09 02:15=06:15', 'two times become one moment');
-- New York, 1 November 2026: 1:00 to 2:00 comes twice.
select is(pg_temp.due('30 1 * * *', 'America/New_York', '2026-11-01 04:00Z', 2), '01 01:30=06:30, 02 01:30=06:30', 'a doubled time falls due once, the second time');
select is(pg_temp.due('30 1 * * *', 'America/New_York', '2026-11-01 05:30Z', 1), '01 01:30=06:30', 'asked at the first of the two, the second is to come');
select is(pg_temp.due('30 1 * * *', 'America/New_York', '2026-11-01 06:30Z', 1), '02 01:30=06:30', 'asked at the second, it is over');
select is(pg_temp.due('@hourly', 'America/New_York', '2026-11-01 04:00Z', 3), '01 01:00=06:00, 01 02:00=07:00, 01 03:00=08:00', 'every local hour once');
select is((select count(*)::int from meshhook.next_due('@hourly', 'America/New_York', '2026-11-01 03:59Z', 100) d where d < '2026-11-02 05:00Z'), 24, 'a day of twenty-five hours has twenty-four');
select is((select count(*)::int from meshhook.next_due('@hourly', 'America/New_York', '2026-03-08 04:59Z', 100) d where d < '2026-03-09 04:00Z'), 23, 'a day of twenty-three has twenty-three');
select is((select count(*)::int from meshhook.next_due('@every 1h', 'America/New_York', '2026-11-01 04:00Z', 100) d where d <= '2026-11-02 05:00Z'), 25, '@every does not look at local clocks');
-- Elsewhere.
select is(pg_temp.due('30 2 * * *', 'Europe/Berlin', '2026-03-28 12:00Z', 1), '29 03:30=01:30', 'Berlin');
select is(pg_temp.due('15 2 * * *', 'Australia/Lord_Howe', '2025-10-04 12:00Z', 2), '05 02:45=15:45, 06 02:15=15:15', 'half an hour is skipped on Lord Howe Island');
select is(pg_temp.due('0 0 * * *', 'America/Sao_Paulo', '2018-11-03 12:00Z', 2), '04 01:00=03:00, 05 00:00=02:00', 'midnight is skipped in Sao Paulo');
select is(pg_temp.due('0 12 * * *', 'Pacific/Apia', '2011-12-29 12:00Z', 3), '29 12:00=22:00, 31 12:00=22:00, 01 12:00=22:00', 'a whole day is skipped in Samoa');
select is(pg_temp.due('0 12 30 12 *', 'Pacific/Apia', '2011-12-29 12:00Z', 1), '31 12:00=22:00', 'and what was to be on it is moved to the next');
select is(pg_temp.due('0 12 30 12 *', 'Pacific/Apia', '2011-12-30 20:00Z', 1), '31 12:00=22:00', 'also when asked on that next day');
select is(pg_temp.due('0 12 * * *', 'asia/kathmandu', '2026-01-01 00:00Z', 1), '01 12:00=06:15', 'a quarter of an hour, the name in any case');
-- Names that are none.
select throws_ok(format('select meshhook.next_due(%L, %L)', '* * * * *', zone), 'MH422', null, 'refused: ' || coalesce(left(zone, 30), 'null'))
  from unnest(array['Mars/Olympus', 'UTC+3', repeat('x', 10000)]) zone;
select * from finish();
rollback;
