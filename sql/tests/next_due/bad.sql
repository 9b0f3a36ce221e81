-- Whatever is no cron text is refused with a code that stays, the place, and what to write instead.
begin;
select plan(88);
create function pg_temp.refused(cron text) returns text language plpgsql as $$
declare v_detail text; v_hint text;
begin
  perform meshhook.next_due(cron);
  return 'taken';
exception when others then
  get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
  return concat_ws(' ', sqlstate, split_part(sqlerrm, ':', 1), v_detail::jsonb ->> 'position', case when v_hint = '' then 'no hint' end);
end $$;
create temp table bad (cron text, refused text);
insert into bad values
  (null, 'MH_CRON_EMPTY 1'), ('', 'MH_CRON_EMPTY 1'), ('   ', 'MH_CRON_EMPTY 1'), (E'\t', 'MH_CRON_EMPTY 1'),
  (repeat('*', 10000), 'MH_CRON_TOO_LONG 201'), (repeat('1,', 5000) || '1 * * * *', 'MH_CRON_TOO_LONG 201'),
  ('*', 'MH_CRON_FIELDS 2'), ('* * * *', 'MH_CRON_FIELDS 8'), ('* * * * * *', 'MH_CRON_FIELDS 11'), ('0 0 12 * * ? 2026', 'MH_CRON_FIELDS 12'), ('tomorrow', 'MH_CRON_FIELDS 9'),
  ('61 * * * *', 'MH_CRON_RANGE 1'), ('60 * * * *', 'MH_CRON_RANGE 1'), ('* 24 * * *', 'MH_CRON_RANGE 3'), ('* * 0 * *', 'MH_CRON_RANGE 5'), ('* * 32 * *', 'MH_CRON_RANGE 5'),
  ('* * * 0 *', 'MH_CRON_RANGE 7'), ('* * * 13 *', 'MH_CRON_RANGE 7'), ('* * * * 8', 'MH_CRON_RANGE 9'), ('1,2,99 * * * *', 'MH_CRON_RANGE 5'), ('0-60 * * * *', 'MH_CRON_RANGE 1'),
  ('  5   99 * * *', 'MH_CRON_RANGE 7'),
  ('9999 * * * *', 'MH_CRON_RANGE 1'), ('99999 * * * *', 'MH_CRON_SYNTAX 1'), ('99999999999999999999 * * * *', 'MH_CRON_SYNTAX 1'),
  ('*/0 * * * *', 'MH_CRON_STEP 1'), ('1-5/0 * * * *', 'MH_CRON_STEP 1'), ('*/ * * * *', 'MH_CRON_SYNTAX 1'), ('/5 * * * *', 'MH_CRON_SYNTAX 1'), ('*/-1 * * * *', 'MH_CRON_SYNTAX 1'), ('*/1/2 * * * *', 'MH_CRON_SYNTAX 1'),
  ('5-1 * * * *', 'MH_CRON_ORDER 1'), ('* 22-2 * * *', 'MH_CRON_ORDER 3'), ('* * * DEC-JAN *', 'MH_CRON_ORDER 7'), ('* * * * SAT-MON', 'MH_CRON_ORDER 9'), ('1-2-3 * * * *', 'MH_CRON_SYNTAX 1'),
  ('-1 * * * *', 'MH_CRON_SYNTAX 1'), ('1- * * * *', 'MH_CRON_SYNTAX 1'), ('*-5 * * * *', 'MH_CRON_SYNTAX 1'), ('** * * * *', 'MH_CRON_SYNTAX 1'), ('5* * * * *', 'MH_CRON_SYNTAX 1'),
  (', * * * *', 'MH_CRON_SYNTAX 1'), ('1, * * * *', 'MH_CRON_SYNTAX 3'), (',1 * * * *', 'MH_CRON_SYNTAX 1'), ('1,,2 * * * *', 'MH_CRON_SYNTAX 3'),
  ('1.5 * * * *', 'MH_CRON_SYNTAX 1'), ('+1 * * * *', 'MH_CRON_SYNTAX 1'), ('1e1 * * * *', 'MH_CRON_SYNTAX 1'), ('0x1 * * * *', 'MH_CRON_SYNTAX 1'), ('NaN * * * *', 'MH_CRON_SYNTAX 1'),
  ('null * * * *', 'MH_CRON_SYNTAX 1'), ('inf * * * *', 'MH_CRON_SYNTAX 1'), ('JAN * * * *', 'MH_CRON_SYNTAX 1'),
  ('* * * MON *', 'MH_CRON_SYNTAX 7'), ('* * * * JAN', 'MH_CRON_SYNTAX 9'), ('* * * January *', 'MH_CRON_SYNTAX 7'), ('* * * * MON#2', 'MH_CRON_SYNTAX 9'), ('* * 15W * *', 'MH_CRON_SYNTAX 5'),
  ('* * ? * *', 'MH_CRON_SYNTAX 5'), ('* * L,1 * *', 'MH_CRON_SYNTAX 5'), ('* * L-3 * *', 'MH_CRON_SYNTAX 5'), ('* * * * 5L', 'MH_CRON_SYNTAX 9'), ('L * * * *', 'MH_CRON_SYNTAX 1'),
  ('١ * * * *', 'MH_CRON_SYNTAX 1'), ('１ * * * *', 'MH_CRON_SYNTAX 1'), ('1–5 * * * *', 'MH_CRON_SYNTAX 1'), ('＊ * * * *', 'MH_CRON_SYNTAX 1'), (E'* *\u00a0* * *', 'MH_CRON_FIELDS 10'),
  (E'* * * *\n*', 'MH_CRON_FIELDS 10'), (E'*\\ * * * *', 'MH_CRON_SYNTAX 1'), ('''; drop table x; -- * * * *', 'MH_CRON_FIELDS 21'), ('H * * * *', 'MH_CRON_SYNTAX 1'),
  ('TZ=UTC * * * * *', 'MH_CRON_TIMEZONE 1'), (' CRON_TZ=Europe/Berlin 0 0 * * *', 'MH_CRON_TIMEZONE 2'), ('tz=x', 'MH_CRON_TIMEZONE 1'),
  ('@', 'MH_CRON_MACRO 1'), ('@reboot', 'MH_CRON_MACRO 1'), ('@hourly 5', 'MH_CRON_MACRO 1'), (' @sometimes', 'MH_CRON_MACRO 2'), ('@every5m', 'MH_CRON_MACRO 1'),
  ('@every', 'MH_CRON_EVERY 7'), ('@every 0s', 'MH_CRON_EVERY 8'), ('@every 999ms', 'MH_CRON_EVERY 8'), ('@every -5m', 'MH_CRON_EVERY 8'), ('@every 5', 'MH_CRON_EVERY 8'),
  ('@every 11y', 'MH_CRON_EVERY 8'), ('@every NaN', 'MH_CRON_EVERY 8'), ('@every ٣d', 'MH_CRON_EVERY 8');
select is(pg_temp.refused(cron), 'MH422 ' || refused, coalesce(quote_literal(left(cron, 40)), 'null')) from bad;
select * from finish();
rollback;
