-- Runs beyond the limit of their key wait; each end, whatever its kind, lets the next one begin in the same commit.
begin;
select plan(32);
-- with: flow.sql
-- with: pressure.sql

create function pg_temp.ask(k text) returns uuid language sql as $$ select meshhook.start('proof', 'flow', jsonb_build_object('k', ask.k)) $$;
create function pg_temp.states() returns text language sql as $$ select string_agg(s.state || coalesce(s.place::text, ''), ',' order by s.asked_at, c.n) from meshhook.slot_list s join meshhook.concurrency_slots c using (run_id) where s.key = 'a' $$;
create temp table r (n int, run uuid);
create function pg_temp.nth(k int) returns uuid language sql as $$ select run from r where n = k $$;
select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), '{"policy": {"deadline": "10m", "concurrency": {"key": "trigger.body.k", "limit": 2}}}');
insert into r select n, pg_temp.ask('a') from generate_series(1, 6) n;
insert into r values (7, pg_temp.ask('b'));
insert into r select 8, meshhook.start('proof', 'flow');
select is((pg_temp.run(pg_temp.nth(1))).status::text, 'waiting', 'a start of a workflow with a limit begins when it is let in');
select is((pg_temp.run(pg_temp.nth(8))).status::text, 'running', 'without a key there is no limit');
select is(pg_temp.types(pg_temp.nth(1)), 'run.started', 'nothing is decided yet');
select is((select data -> 'held' from meshhook.events where run_id = pg_temp.nth(1)), '{"key": "a"}', 'the log says why');
select is(pg_temp.states(), 'queued1,queued2,queued3,queued4,queued5,queued6', 'all of them queue');
select is(meshhook.requeue(), 0, 'nothing is wrong');
select is(jsonb_array_length(pg_temp.claim()), 1, 'whoever is woken lets them in (and makes the call of the one without a key)');
select is(pg_temp.states(), 'held,held,queued1,queued2,queued3,queued4', 'two are let in, in the order of their starts');
select is((select count(*) from meshhook.slot_list where key = 'b' and state = 'held'), 1::bigint, 'and one of another key');
select is(jsonb_array_length(pg_temp.claim()), 3, 'their calls go');
select is(pg_temp.types(pg_temp.nth(1)), 'run.started timer.fired call.scheduled', 'begun by a timer');
select is(pg_temp.wake(), (select count(*) from meshhook_engine.wake(null, 1)), 'waking changes nothing');
select is(pg_temp.states(), 'held,held,queued1,queued2,queued3,queued4', 'while both are under way');

-- One succeeds, one fails, one is canceled, one is past its deadline.
select is(pg_temp.deliver(pg_temp.nth(1), 'post', 1, '{"status": 200}'), 'recorded', 'one succeeds');
select is((select count(*) from meshhook_river.river_job where args ? 'wake'), 1::bigint, 'its end wakes somebody');
select pg_temp.claim();
select is(pg_temp.states(), 'held,held,queued1,queued2,queued3', 'who lets in the third');
select is(pg_temp.deliver(pg_temp.nth(2), 'post', 1, '{"status": 500}'), 'recorded', 'one fails');
select pg_temp.claim();
select is(pg_temp.states(), 'held,held,queued1,queued2', 'the fourth');
select meshhook.cancel(pg_temp.nth(3));
select pg_temp.claim();
select is(pg_temp.states(), 'held,held,queued1', 'one is canceled: the fifth');
select meshhook.cancel(pg_temp.nth(6));
select is(pg_temp.states(), 'held,held', 'one is canceled that had not begun');
select is(pg_temp.types(pg_temp.nth(6)), 'run.started run.canceled', 'it never will');
insert into r values (9, pg_temp.ask('a'));
select pg_temp.claim();
select is(pg_temp.states(), 'held,held,queued1', 'another one queues');
select pg_temp.at('10m'), pg_temp.wake();
select is((pg_temp.run(pg_temp.nth(9))).error ->> 'code', 'MH_DEADLINE', 'the deadline goes on while a run queues');
select is(pg_temp.states(), null, 'all have ended, nothing is left');
select is((select count(*) from meshhook.waits), 0::bigint, 'nor any wait');

-- A failed run that is retried counts again, whatever the limit says.
select pg_temp.wake();
insert into r select n, pg_temp.ask('a') from generate_series(10, 12) n;
select pg_temp.claim(), pg_temp.claim();
select is(pg_temp.states(), 'held,held,queued1', 'two under way');
select is((select count(*) from meshhook.retry(pg_temp.nth(2))), 1::bigint, 'an old one is retried');
select is((select count(*) from meshhook.slot_list where state = 'held' and key = 'a'), 3::bigint, 'and counts');
select pg_temp.claim();
select is(pg_temp.deliver(pg_temp.nth(10), 'post', 1, '{"status": 200}'), 'recorded', 'one of the others ends');
select pg_temp.claim();
select is(pg_temp.states(), 'held,held,queued1', 'which lets nobody in: two are still under way');
select is((select string_agg(distinct action, ' ') from meshhook.audit_trail where action like 'slot%'), null, 'traffic is not audited');
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
