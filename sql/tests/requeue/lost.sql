-- Every queue row and every wait may be lost: requeue makes them again from the runs.
begin;
select plan(17);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"base": "1m", "jitter": "none"}}'), 'nap', pg_temp.node('delay', '{"for": "1h"}')),
  pg_temp.edges('trigger>post', 'trigger>nap'));
insert into mine select pg_temp.start() from generate_series(1, 3);
-- One has its call open, one waits for a retry, one is over.
create temp table three as select run, row_number() over (order by run) as n from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 503}'), 'recorded', 'one is to be tried again') from three where n = 2;
select lives_ok(format('select meshhook.cancel(%L)', run), 'one is canceled') from three where n = 3;
select is(meshhook.requeue(), 0, 'nothing is wrong');
delete from meshhook_river.river_job;
select is(meshhook.requeue(), 1, 'the lost row of the open call');
select is((select string_agg(pg_temp.queue(run), ',' order by n) from three), 'available,nothing,nothing', 'is there again');
delete from meshhook.waits;
delete from meshhook_river.river_job;
select is(meshhook.requeue(), 2, 'rows and waits');
select is((select string_agg(coalesce(w, '-'), ',' order by n) from three left join lateral (select string_agg(step || ' ' || kind, ' ' order by step) as w from meshhook.waits where run_id = run) x on true),
  'nap timer,nap timer post retry,-', 'come back as they were');
select is(meshhook.requeue(), 0, 'and that is that');
select pg_temp.at('1m'), pg_temp.wake();
select is((select string_agg(pg_temp.queue(run), ',' order by n) from three), 'available,available,nothing', 'the retry comes when it is due');
select is(pg_temp.deliver(run, 'post', 2, '{"status": 200}'), 'recorded', 'and is made') from three where n = 2;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded', 'so is the other call') from three where n = 1;
delete from meshhook.waits;
select pg_temp.at('2h');
select is(meshhook.requeue(), 2, 'timers that came due while they were lost');
select is((select string_agg(pg_temp.queue(run), ',' order by n) from three), 'available,available,nothing', 'go to the queue at once');
select is(pg_temp.deliver(run, 'nap', 0, null), 'recorded', 'and fire') from three where n = 1;
select is((pg_temp.run(run)).status::text, 'succeeded', 'to the end') from three where n = 1;
select is_empty($$select * from three, meshhook.verify(run)$$, 'proven');
set local session authorization meshhook_worker;
select throws_ok('select meshhook.requeue()', '42501', null, 'not for workers');
reset session authorization;
select * from finish();
rollback;
