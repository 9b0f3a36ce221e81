-- Rates of calls: each call gets its moment when it asks, and keeps it. One rate a destination, one for the project.
begin;
select plan(27);
-- with: flow.sql
-- with: pressure.sql

select pg_temp.flow(pg_temp.call('{"timeout": "5s"}'), pg_temp.edges('trigger>post'));
select meshhook.set_limit('proof', 'calls', 'Target.Test', 6, '1 minute', 2);
select is((select key || ' ' || amount || ' ' || per || ' ' || burst from meshhook.limit_list), 'target.test 6 00:01:00 2', 'six a minute, two at once');
insert into mine select pg_temp.start() from generate_series(1, 5);
select is(jsonb_array_length(pg_temp.claim()), 2, 'two go');
select is((select array_agg(w.due_at - pg_temp.now() order by w.due_at) from meshhook.waits w), '{10s,20s,30s}'::interval[], 'the others have their moments');
select is((select array_agg(distinct gate) from meshhook.waits), '{rate:target.test}', 'and say what for');
select is((select waiting || ' ' || (booked_until - pg_temp.now()) from meshhook.limit_list), '3 00:00:50', 'the view tells');
select pg_temp.at('10s'), pg_temp.wake();
select is(jsonb_array_length(pg_temp.claim()), 1, 'one more');
select is((select count(*) from meshhook.rate_grants), 2::bigint, 'two moments are still given');
select pg_temp.at('10s'), pg_temp.wake();
select is(jsonb_array_length(pg_temp.claim()), 1, 'and one more');
select pg_temp.at('10s'), pg_temp.wake();
select is(jsonb_array_length(pg_temp.claim()), 1, 'the last');
select is((select count(*) from meshhook.rate_grants) + (select count(*) from meshhook.waits), 0::bigint, 'nothing is left over');

-- The count goes on where it was; an emptied bucket grants the burst again.
insert into mine select pg_temp.start() from generate_series(1, 4);
select is(jsonb_array_length(pg_temp.claim()), 0, 'nothing is free');
select is((select array_agg(w.due_at - pg_temp.now() order by w.due_at) from meshhook.waits w), '{10s,20s,30s,40s}'::interval[], 'ten seconds apart');
truncate meshhook.rate_buckets, meshhook.rate_grants;
select pg_temp.at('10s'), pg_temp.wake();
select is(jsonb_array_length(pg_temp.claim()), 1, 'a crash that empties them loses no call');
select pg_temp.at('10s'), pg_temp.wake();
select is(jsonb_array_length(pg_temp.claim()), 1, 'and stops none');

-- Taken away: those who wait go. Set for all of the project: both rates hold.
select meshhook.set_limit('proof', 'calls', 'target.test');
select is_empty('select * from meshhook.limit_list', 'taken away');
select is((select limits from meshhook.projects where slug = 'proof'), null, 'and nothing asks any more');
select is(pg_temp.claim(), '[]', 'a row that holds nothing wakes');
select is(jsonb_array_length(pg_temp.claim()), 2, 'those who waited');
select meshhook.set_limit('proof', 'calls', null, 2, '1s', 1), meshhook.set_limit('proof', 'calls', 'target.test', 1, '1s', 1);
insert into mine select pg_temp.start() from generate_series(1, 3);
create temp table got as select i from jsonb_array_elements(pg_temp.claim()) i;
select is((select array_agg((i -> 'after_ms')::int order by (i -> 'after_ms')::int) from got), '{0,1000}', 'a moment under two seconds away is waited for by the process');
select is((select array_agg(gate || ' ' || (due_at - pg_temp.now())) from meshhook.waits), '{"rate:target.test 00:00:02"}', 'longer ones wait');

-- A retry asks again, and so does a run that is canceled leave its moment unused.
select meshhook.cancel(run_id) from meshhook.waits;
select is((select count(*) from meshhook.waits), 0::bigint, 'its wait goes with it');
select meshhook.set_limit('proof', 'calls'), meshhook.set_limit('proof', 'calls', 'target.test', 1, '1 minute');
select pg_temp.flow(pg_temp.call('{"retry": {"max_attempts": 2, "base": "5s", "jitter": "none"}}'), pg_temp.edges('trigger>post'));
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.claim(), pg_temp.deliver(run, 'post', 1, '{"status": 500}') from mine;
select pg_temp.at('5s'), pg_temp.wake();
select is(pg_temp.claim(), '[]', 'a retry takes its turn');
select is((select gate || ' ' || (due_at - pg_temp.now()) from meshhook.waits), 'rate:target.test 00:00:55', 'in line with all others');
select pg_temp.at('55s'), pg_temp.wake();
select is((select i -> 'attempt' from jsonb_array_elements(pg_temp.claim()) i), '2', 'then it goes');
select is(pg_temp.deliver(run, 'post', 2, '{"status": 200}'), 'recorded', 'to its end') from mine;
select is((select (pg_temp.run(run)).status::text from mine), 'succeeded', 'which is good');
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
