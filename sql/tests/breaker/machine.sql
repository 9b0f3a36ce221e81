-- Closed, open after failures in a row, half open with one probe, closed by its success: calls wait meanwhile.
begin;
select plan(35);
-- with: flow.sql
-- with: pressure.sql

select pg_temp.flow(pg_temp.call('{"breaker": {"key": "erp", "failures": 3, "open_for": "60s"}}'), pg_temp.edges('trigger>post'));
insert into mine select pg_temp.start() from generate_series(1, 8);
create temp table r as select run, row_number() over (order by run) as n from mine;
select is(jsonb_array_length(pg_temp.claim()), 8, 'no breaker yet: all may go');
select is(pg_temp.deliver(run, 'post', 1, '{"status": 500}'), 'recorded', 'a failure') from r where n = 1;
select is((pg_temp.breaker('erp')).state || (pg_temp.breaker('erp')).failures, 'closed1', 'is counted');
select is(pg_temp.deliver(run, 'post', 1, '{"status": 404}'), 'recorded', 'an answer that is no fault of the destination') from r where n = 2;
select is((pg_temp.breaker('erp')).failures, 0, 'begins the count anew');
select pg_temp.deliver(run, 'post', 1, null, '{"class": "timeout", "code": "MH_CALL_TIMEOUT", "message": "slow"}') from r where n in (3, 4);
select pg_temp.deliver(run, 'post', 1, null, '{"class": "blocked", "code": "MH_CALL_BLOCKED", "message": "no"}') from r where n = 5;
select is((pg_temp.breaker('erp')).failures, 2, 'a call that never got there tells nothing');
select pg_temp.deliver(run, 'post', 1, '{"status": 429}') from r where n = 6;
select is((pg_temp.breaker('erp')).state || (pg_temp.breaker('erp')).opens, 'open1', 'three in a row open it');
select is((pg_temp.breaker('erp')).open_until, pg_temp.now() + interval '60s', 'for a minute');
select is((pg_temp.breaker('erp')).cause, 'status 429', 'and say why');
select pg_temp.deliver(run, 'post', 1, '{"status": 200}') from r where n in (7, 8);
select is((pg_temp.breaker('erp')).state, 'open', 'what comes in late changes nothing');

-- New calls wait: nothing is sent, nothing is logged, the run is as it was.
truncate mine;
insert into mine select pg_temp.start() from generate_series(1, 3);
select is(pg_temp.claim(), '[]', 'claimed, but not handed out');
select is((select array_agg(distinct w.kind || ' ' || w.gate || ' ' || (w.due_at = pg_temp.now() + interval '60s')) from mine join meshhook.waits w on w.run_id = run), '{"retry breaker:erp true"}', 'they wait until a probe may go');
select is((select array_agg(distinct (pg_temp.run(run)).status::text || ((pg_temp.run(run)).wake_at = pg_temp.now() + interval '60s')) from mine), '{waitingtrue}', 'and say so');
select is((select string_agg(distinct pg_temp.queue(run), ',') from mine), 'nothing', 'no queue row stands for them');
select is((select waiting from meshhook.breaker_state where key = 'erp'), 3::bigint, 'the view counts them');
select is(meshhook.requeue(), 0, 'nothing is wrong with them');
select pg_temp.at('59s'), pg_temp.wake();
select is((select count(*) from meshhook.waits), 3::bigint, 'not yet');
select pg_temp.at('1s'), pg_temp.wake();
create temp table probe as select i ->> 'run' as run from jsonb_array_elements(pg_temp.claim()) i;
select is((select count(*) from probe), 1::bigint, 'then one may go');
select is((pg_temp.breaker('erp')).state, 'half_open', 'as a probe');
select is((select count(*) from meshhook.waits w where w.gate = 'breaker:erp' and w.due_at > pg_temp.now()), 2::bigint, 'the others wait for what comes of it');
update meshhook_river.river_job set state = 'available' where args ->> 'run_id' = (select run from probe);
select is((select array_agg(i ->> 'run') from jsonb_array_elements(pg_temp.claim()) i), (select array_agg(run) from probe), 'whoever takes it over may go on with it');
select is(pg_temp.deliver(run::uuid, 'post', 1, '{"status": 503}'), 'recorded', 'it fails') from probe;
select is((pg_temp.breaker('erp')).state || (pg_temp.breaker('erp')).opens, 'open2', 'open once more');
select is((pg_temp.breaker('erp')).open_until, pg_temp.now() + interval '60s', 'for as long again');

-- The second probe succeeds; those who wait go at once.
select pg_temp.at('2m'), pg_temp.wake();
truncate probe;
insert into probe select i ->> 'run' from jsonb_array_elements(pg_temp.claim()) i;
select is((select count(*) from probe), 1::bigint, 'another probe');
select is(pg_temp.deliver(run::uuid, 'post', 1, '{"status": 200}'), 'recorded', 'succeeds') from probe;
select is((pg_temp.breaker('erp')).state, 'closed', 'closed');
select is((select count(*) from meshhook_river.river_job where args ? 'wake' and state = 'available'), 1::bigint, 'somebody is told to look at once');
select is((select pg_temp.claim()), '[]', 'the row itself holds nothing');
select is(jsonb_array_length(pg_temp.claim()), 1, 'the last one goes');
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded', 'and is done') from mine where (pg_temp.run(run)).finished_at is null;
select is((select count(*) from meshhook.waits), 0::bigint, 'nobody waits');
select is((select count(*) from meshhook_river.river_job j where not j.args ? 'wake'), 0::bigint, 'nothing is queued');

-- A call of a run that was canceled while it waited leaves nothing behind.
select meshhook.trip_breaker('proof', 'erp');
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.claim();
select meshhook.cancel(run) from mine;
select is((select count(*) from meshhook.waits), 0::bigint, 'its wait goes with it');
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
