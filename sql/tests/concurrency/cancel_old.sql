-- on_limit: cancel_old. The newest stay; the limit holds while the old ones leave.
begin;
select plan(10);
-- with: flow.sql
-- with: pressure.sql

select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), '{"policy": {"concurrency": {"key": "''all''", "limit": 2, "on_limit": "cancel_old"}}}');
create temp table r as select n, pg_temp.start() as run from generate_series(1, 2) n;
select pg_temp.claim();
select is(jsonb_array_length(pg_temp.claim()), 2, 'two are under way');
insert into r select n, pg_temp.start() from generate_series(3, 5) n;
select pg_temp.claim();
select is((select array_agg(n || s.state || coalesce(' ' || leaving, '') order by n) from r left join meshhook.slot_list s on s.run_id = run),
  '{"1held MH_CONCURRENCY_REPLACED","2held MH_CONCURRENCY_REPLACED","3queued MH_CONCURRENCY_REPLACED",4queued,5queued}', 'three more: the two newest are to stay, and wait until the old ones are gone');
select is((select count(*) from meshhook.slot_list where state = 'held'), 2::bigint, 'the limit holds');
select pg_temp.wake();
select is((select array_agg((pg_temp.run(run)).status::text order by n) from r), '{canceled,canceled,canceled,running,running}', 'they go, and the new ones begin');
select is((select (pg_temp.run(run)).error ->> 'run' from r where n = 1), (select run::text from r where n = 5), 'and name who took their place');
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'stale', 'a call in flight is not recalled, its result is dropped') from r where n = 1;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded', 'to their end') from r where n > 3;
select is((select count(*) from meshhook.slot_list), 0::bigint, 'nothing is left');
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
