-- Missed moments, clocks that jump, and a thousand at a time.
begin;
select plan(26);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.due_at"}')), pg_temp.edges('trigger>a'));
create function pg_temp.clock() returns timestamptz language sql as $$ select current_setting('meshhook.fake_now')::timestamptz $$;
create function pg_temp.runs(schedule text) returns text language sql as $$
  select coalesce(string_agg(to_char(k.due_at at time zone 'UTC', 'HH24:MI'), ' ' order by k.due_at), 'none') from meshhook.schedule_runs k
  join meshhook.schedules s on s.id = k.schedule_id join meshhook.runs r on r.id = k.run_id where s.name = schedule $$;
select meshhook.add_schedule('proof', 'flow', c, '0 * * * *', catch_up => c) from unnest(array['none', 'last', 'all']) c;
select pg_temp.at('3 hours 50 seconds'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.runs('none'), '15:00', 'none: what is less than a minute late is not missed');
select is(pg_temp.runs('last'), '15:00', 'last: one stands for all');
select is(pg_temp.runs('all'), '13:00 14:00 15:00', 'all: each is run');
select pg_temp.at('2 hours 30 min'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.runs('none'), '15:00', 'none: later than that it is left out');
select is(pg_temp.runs('last'), '15:00 17:00', 'last: the latest missed one runs');
select is(pg_temp.runs('all'), '13:00 14:00 15:00 16:00 17:00', 'all: each, the oldest first');
select is(array(select output #>> '{}' from meshhook.runs r join meshhook.schedule_runs k on k.run_id = r.id join meshhook.schedules s on s.id = k.schedule_id where s.name = 'all' order by k.due_at),
  array(select meshhook_engine.iso(d) from generate_series(date_trunc('hour', pg_temp.clock()) - interval '4 hours', pg_temp.clock(), '1 hour') d), 'runs know which moment they are for');
select is((select count(distinct next_due) from meshhook.schedules), 1::bigint, 'all are due next together');

-- The clock jumps back a day, and comes back again: nothing runs, and nothing runs twice.
create temp table before as select count(*) n from meshhook.runs;
select pg_temp.at('-1 day'), pg_temp.wake(), pg_temp.at('1 hour'), pg_temp.wake(), pg_temp.at('1 hour'), pg_temp.wake();
select is((select count(*) from meshhook.runs), n, 'a clock set back a day starts nothing') from before;
select is(meshhook.add_schedule('proof', 'flow', 'all', '0 */1 * * *', catch_up => 'all'), date_trunc('hour', pg_temp.clock()) + interval '1 hour', 'a schedule given anew then is due by the new clock');
select pg_temp.at('1 day'), pg_temp.wake(), pg_temp.wake();
select is((select count(*) - count(distinct due_at) from meshhook.schedule_runs k join meshhook.schedules s on s.id = k.schedule_id where s.name = 'all'), 0::bigint, 'no moment runs twice');
select is((select count(*) from meshhook.schedule_runs k join meshhook.schedules s on s.id = k.schedule_id where s.name = 'all'), 24::bigint, 'those done before are known');
-- A day forward.
select meshhook.add_schedule('proof', 'flow', 'minute', '* * * * *');
select pg_temp.at('1 day'), pg_temp.wake(), pg_temp.wake();
select is((select started from meshhook.schedules where name = 'minute'), 1::bigint, 'a clock set forward a day is no storm');
select is((select started from meshhook.schedules where name = 'none'), 1::bigint, 'none: not one');

-- A thousand a pass.
select meshhook.remove_schedule('proof', name) from meshhook.schedules;
select meshhook.add_schedule('proof', 'flow', 'many', '* * * * *', catch_up => 'all');
select pg_temp.at('2000 minutes');
select is((select did from meshhook_engine.wake(null, 100) where task = 'schedules'), 1000, 'a thousand in one pass');
select is((select next_due from meshhook.schedules), date_trunc('minute', pg_temp.clock()) - interval '999 minutes', 'the rest is due still');
select is((select did from meshhook_engine.wake(null, 100) where task = 'schedules'), 1000, 'another thousand in the next');
select is((select did from meshhook_engine.wake(null, 100) where task = 'schedules'), 0, 'then it is done');
select is((select count(*) || ' ' || count(distinct due_at) from meshhook.schedule_runs), '2000 2000', 'each moment once');
select is((select count(distinct r.id) from meshhook.runs r join meshhook.schedule_runs k on k.run_id = r.id), 2000::bigint, 'and each a run');

-- @every is counted, not stepped, and shared out.
select meshhook.remove_schedule('proof', 'many');
select meshhook.add_schedule('proof', 'flow', 'second', '@every 1s', catch_up => 'all'), meshhook.add_schedule('proof', 'flow', 'odd', '@every 90s');
select pg_temp.at('10 days');
select is((select did from meshhook_engine.wake(null, 100) where task = 'schedules'), 501, 'two share a thousand');
select is((select last_due - anchor from meshhook.schedules where name = 'second'), interval '500 seconds', 'to the second');
select cmp_ok((select next_due - pg_temp.clock() from meshhook.schedules where name = 'odd'), '<=', interval '90 seconds', 'the beat is kept');
select is((select extract(epoch from next_due - anchor)::bigint % 90 from meshhook.schedules where name = 'odd'), 0::bigint, 'from the same beginning');
select pg_temp.at('-10 days'), meshhook.add_schedule('proof', 'flow', 'five', '@every 1s');
select pg_temp.at('1 hour');
select is((select count(*)::int from meshhook.schedules where next_due <= pg_temp.clock() and name = 'five'), 1, 'an hour of seconds missed');
select pg_temp.wake();
select is((select started from meshhook.schedules where name = 'five'), 5::bigint, 'last: those of the last seconds are on time, the others are not made up for');
select * from finish();
rollback;
