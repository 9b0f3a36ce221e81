-- Keys that fail, delayed starts, pauses, and starts that end at once.
begin;
select plan(21);
-- with: flow.sql
-- with: pressure.sql

select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), '{"policy": {"concurrency": {"key": "length(trigger.body.k)", "limit": 1}}}');
insert into mine select meshhook.start('proof', 'flow', '{"k": 7}');
select is((pg_temp.run(run)).status::text, 'waiting', 'a key that fails refuses no start') from mine;
select pg_temp.wake();
select is((pg_temp.run(run)).status::text || ' ' || ((pg_temp.run(run)).error ->> 'code') || ' ' || ((pg_temp.run(run)).error ->> 'at'), 'failed MH_EXPR_TYPE policy', 'it ends the run') from mine;
select lives_ok($$select meshhook.retry(run) from mine$$, 'which may be made to go on all the same');
select pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'running', 'without a slot') from mine;
select pg_temp.deliver(run, 'post', 1, '{"status": 200}') from mine;

-- A delayed start asks for its slot when it is due.
truncate mine;
insert into mine select meshhook.start('proof', 'flow', '{"k": "x"}', delay => '1 hour');
create temp table other as select meshhook.start('proof', 'flow', '{"k": "y"}') as run;
select pg_temp.wake(), pg_temp.wake();
select is((select string_agg(state, ' ' order by state) from meshhook.slot_list), 'delayed held', 'it holds no slot while it sleeps');
select is((select due_at - pg_temp.now() from meshhook.slot_list where state = 'delayed'), '1 hour', 'and says until when');
select is((select count(*) from meshhook.waits), 0::bigint, 'no timer starts it past its limit');
select is(meshhook.requeue(), 0, 'nor does requeue');
select pg_temp.at('1h'), pg_temp.wake(), pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'waiting', 'due, it queues') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded', 'the other one ends') from other;
select pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'running', 'and it begins') from mine;

-- A run that is paused while it queues is passed over; one paused after it was let in begins when it is resumed.
create temp table q as select n, meshhook.start('proof', 'flow', '{"k": "z"}') as run from generate_series(1, 2) n;
select meshhook.pause(run) from q where n = 1;
select pg_temp.deliver(run, 'post', 1, '{"status": 200}') from mine;
select pg_temp.wake();
select is((select array_agg((pg_temp.run(run)).status::text order by n) from q), '{paused,running}', 'the second one goes first');
select meshhook.resume(run) from q where n = 1;
select pg_temp.deliver(run, 'post', 1, '{"status": 200}') from q where n = 2;
select is((select count(*) from meshhook_engine.admit_runs(null, 10, pg_temp.now())), 1::bigint, 'the first one is let in');
select meshhook.pause(run) from q where n = 1;
select pg_temp.wake();
select is((select (pg_temp.run(run)).status::text || ' ' || pg_temp.types(run) from q where n = 1), 'paused run.started run.paused run.resumed run.paused', 'and paused before it has begun');
select meshhook.resume(run) from q where n = 1;
select pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'running', 'resumed, it begins') from q where n = 1;
select pg_temp.deliver(run, 'post', 1, '{"status": 200}') from q where n = 1;

-- Runs that need no outside world: each lets the next one in at once.
select pg_temp.flow(jsonb_build_object('t', pg_temp.node('transform', '{"expr": "trigger.body.k"}')), pg_temp.edges('trigger>t'), '{"policy": {"concurrency": {"key": "''one''", "limit": 1}}}');
truncate mine;
insert into mine select meshhook.start('proof', 'flow', jsonb_build_object('k', n)) from generate_series(1, 5) n;
create temp table seen (n int, outputs text);
do $$ begin
  for n in 1 .. 5 loop
    perform pg_temp.claim();
    insert into seen select n, string_agg((pg_temp.run(run)).output::text, '' order by (pg_temp.run(run)).output) from mine where (pg_temp.run(run)).status = 'succeeded';
  end loop;
end $$;
select is((select array_agg(outputs order by n) from seen), '{1,12,123,1234,12345}', 'one after the other');
select is((select count(*) from meshhook.concurrency_slots) + (select count(*) from meshhook.waits), 0::bigint, 'nothing is left');
select is((select count(*) from meshhook_river.river_job), 0::bigint, 'nor in the queue');
select throws_like($$select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), '{"policy": {"concurrency": {"key": "a", "on_limit": "drop"}}}')$$, '%MH_DEF_CHOICE%', 'no such way');
select throws_like($$select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), '{"policy": {"debounce": {"key": "steps.post"}}}')$$, '%MH_DEF_MISSING%', 'no quiet');
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
