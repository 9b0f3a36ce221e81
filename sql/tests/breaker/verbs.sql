-- trip_breaker and reset_breaker: by hand, audited, bad input refused. A healthy destination is not locked.
begin;
select plan(15);
-- with: flow.sql
-- with: pressure.sql

select throws_like($$select meshhook.trip_breaker('proof', null)$$, 'MH_BREAKER_KEY: %', 'no key');
select throws_like($$select meshhook.trip_breaker('proof', '')$$, 'MH_BREAKER_KEY: %', 'an empty key');
select throws_like($$select meshhook.trip_breaker('proof', repeat('a', 301))$$, 'MH_BREAKER_KEY: %', 'a long key');
select throws_like($$select meshhook.trip_breaker('proof', 'a', '0s')$$, 'MH_BREAKER_TIME: %', 'no time at all');
select throws_like($$select meshhook.trip_breaker('proof', 'a', '-1 day')$$, 'MH_BREAKER_TIME: %', 'time gone by');
select throws_like($$select meshhook.trip_breaker('nowhere', 'a')$$, 'MH_PROJECT_UNKNOWN: %', 'no project');
select throws_like($$select meshhook.reset_breaker('proof', 'a')$$, 'MH_BREAKER_UNKNOWN: %', 'nothing to reset');
select throws_like($$select meshhook.reset_breaker('proof', null)$$, 'MH_BREAKER_UNKNOWN: %', 'nor null');
select lives_ok($$select meshhook.trip_breaker('proof', 'erp')$$, 'tripped for good');
select is((select state || ' ' || open_until || ' ' || cause from meshhook.breaker_state where project = 'proof'), 'open infinity tripped by operator', 'open until somebody resets it');

select pg_temp.flow(pg_temp.call('{"breaker": {"key": "erp"}}'), pg_temp.edges('trigger>post'));
insert into mine select pg_temp.start();
select is(pg_temp.claim(), '[]', 'no call goes');
select is((select due_at from meshhook.waits), pg_temp.now() + interval '1 hour', 'it asks again in an hour');
select pg_temp.at('1h'), pg_temp.wake();
select is(pg_temp.claim(), '[]', 'and in another');
select is(meshhook.reset_breaker('proof', 'erp'), 1, 'reset');
select is((select array_agg(action || ' ' || target order by id) from meshhook.audit_trail where action like 'breaker.%'), '{"breaker.tripped erp","breaker.reset erp"}', 'both are written down');
select * from finish();
rollback;
