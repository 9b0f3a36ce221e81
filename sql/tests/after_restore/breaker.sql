-- That nobody knows what came of a call is no fault of its destination.
begin;
select plan(4);
-- with: flow.sql
-- with: pressure.sql
select pg_temp.flow(pg_temp.call('{"breaker": {"key": "erp", "failures": 1, "open_for": "60s"}, "retry": {"max_attempts": 3}}'), pg_temp.edges('trigger>post'));
insert into mine select pg_temp.start() from generate_series(1, 3);
select is(jsonb_array_length(pg_temp.claim()), 3, 'three calls are under way');
select is((select count(*) from meshhook.after_restore(pg_temp.now() - interval '1 min') where next = 'tried again'), 3::bigint, 'when the database is restored');
select is((select count(*) from meshhook.breakers where state <> 'closed' or failures > 0), 0::bigint, 'the breaker counts none of them');
select is(pg_temp.proven(), 0::bigint, 'the runs are proven');
select * from finish();
rollback;
