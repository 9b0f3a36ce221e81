-- A failure rate over a window opens a breaker; too few calls do not. Without a key the host is the key.
begin;
select plan(12);
-- with: flow.sql
-- with: pressure.sql

select pg_temp.flow(pg_temp.call('{"breaker": {"rate": 0.5, "window": "30s", "min_calls": 4, "open_for": "10s"}}', '{"url": "http://Target.Test:8080/a?b=c"}'), pg_temp.edges('trigger>post'));
insert into mine select pg_temp.start() from generate_series(1, 12);
create temp table r as select run, row_number() over (order by run) as n from mine;
select is(jsonb_array_length(pg_temp.claim()), 12, 'all go');
select pg_temp.deliver(run, 'post', 1, '{"status": 500}') from r where n <= 3;
select is((pg_temp.breaker('target.test:8080')).state, 'closed', 'three of three failed, which is too few to tell');
select pg_temp.at('31s');
select pg_temp.deliver(run, 'post', 1, '{"status": 500}') from r where n = 4;
select is((pg_temp.breaker('target.test:8080')).window_calls, 1, 'a new window counts anew');
select pg_temp.deliver(run, 'post', 1, '{"status": 200}') from r where n in (5, 6, 7);
select is((select failure_rate from meshhook.breaker_state), 0.25, 'one of four');
select pg_temp.deliver(run, 'post', 1, '{"status": 500}') from r where n = 8;
select is((pg_temp.breaker('target.test:8080')).state, 'closed', 'two of five is under half');
select pg_temp.deliver(run, 'post', 1, '{"status": 500}') from r where n = 9;
select is((pg_temp.breaker('target.test:8080')).state, 'open', 'three of six is half');
select is((select count(*) from meshhook.breakers), 1::bigint, 'one breaker a host');

-- A whole group of results in one commit counts like one after the other.
select meshhook.reset_breaker('proof', 'target.test:8080');
select is((select array_agg(distinct d.verdict) from meshhook_engine.deliver(7, 0, array(select jsonb_build_object('run', run, 'step', 'post', 'attempt', 1, 'response', '{"status": 502}'::jsonb) from r where n > 9 order by n),
  array[null, null, null]::bytea[]) d), '{recorded}', 'three results at once');
select is((pg_temp.breaker('target.test:8080')).failures || ' ' || (pg_temp.breaker('target.test:8080')).window_failures, '3 3', 'three failures');
truncate mine;
insert into mine select pg_temp.start() from generate_series(1, 1);
select pg_temp.claim(), pg_temp.deliver(run, 'post', 1, '{"status": 502}') from mine;
select is((pg_temp.breaker('target.test:8080')).state, 'open', 'the fourth opens it');
select is((pg_temp.breaker('target.test:8080')).open_until, pg_temp.now() + interval '10s', 'for as long as the node says');
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
