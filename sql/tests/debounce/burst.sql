-- A burst starts one run once it is quiet: the last of it or the first; all others end, and say which one stands for them.
begin;
select plan(22);
-- with: flow.sql
-- with: pressure.sql

create function pg_temp.ping(k text, n int) returns uuid language sql as $$ select meshhook.start('proof', 'flow', jsonb_build_object('k', k, 'n', n)) $$;
create temp table r (n int, run uuid);
create function pg_temp.outcome() returns text language sql as $$ select string_agg(n || (pg_temp.run(run)).status::text || coalesce((pg_temp.run(run)).output::text, ''), ' ' order by n) from r $$;
select pg_temp.flow(jsonb_build_object('t', pg_temp.node('transform', '{"expr": "trigger.body.n"}')), pg_temp.edges('trigger>t'), '{"policy": {"debounce": {"key": "trigger.body.k", "quiet": "30s", "max_wait": "70s"}}}');
insert into r values (1, pg_temp.ping('a', 1)), (10, pg_temp.ping('b', 10));
select is((select array_agg(state || ' ' || quiet_key || ' ' || (due_at - pg_temp.now()) || ' ' || (latest_at - pg_temp.now()) order by quiet_key) from meshhook.slot_list), '{"quiet a 00:00:30 00:01:10","quiet b 00:00:30 00:01:10"}', 'each key for itself');
select is((select data -> 'held' ->> 'quiet_key' from r join meshhook.events on run_id = run where n = 1), 'a', 'the log says why it waits');
select pg_temp.at('20s');
insert into r values (2, pg_temp.ping('a', 2));
select pg_temp.at('10s'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.outcome(), '1waiting 2waiting 10succeeded10', 'b is quiet, a is not');
select pg_temp.at('19s'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.outcome(), '1waiting 2waiting 10succeeded10', 'not yet');
select pg_temp.at('1s'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.outcome(), '1canceled 2succeeded2 10succeeded10', 'the last one stands for all');
select is((select (pg_temp.run(run)).error from r where n = 1), (select jsonb_build_object('code', 'MH_DEBOUNCED', 'message', format('One of a burst of 2; run %s stands for all of them.', run), 'run', run) from r where n = 2), 'the other one says which');
select is((select count(*) from meshhook.concurrency_slots) + (select count(*) from meshhook.waits), 0::bigint, 'nothing is left');

-- It never waits longer than max_wait.
truncate r;
insert into r values (1, pg_temp.ping('a', 1));
select pg_temp.at('25s'), pg_temp.wake();
insert into r values (2, pg_temp.ping('a', 2));
select pg_temp.at('25s'), pg_temp.wake();
insert into r values (3, pg_temp.ping('a', 3));
select pg_temp.at('19s'), pg_temp.wake();
select is(pg_temp.outcome(), '1waiting 2waiting 3waiting', 'still not quiet');
select pg_temp.at('1s'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.outcome(), '1canceled 2canceled 3succeeded3', 'it has waited long enough');

-- The first of a burst; a run of it that is canceled takes no part.
select pg_temp.flow(jsonb_build_object('t', pg_temp.node('transform', '{"expr": "trigger.body.n"}')), pg_temp.edges('trigger>t'), '{"policy": {"debounce": {"quiet": "5s", "mode": "first"}}}');
truncate r;
insert into r select n, pg_temp.ping('c' || n, n) from generate_series(1, 4) n;
select meshhook.cancel(run) from r where n = 1;
select pg_temp.at('5s'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.outcome(), '1canceled 2succeeded2 3canceled 4canceled', 'without a key all starts are one burst; the first of those left stands for it');
select is((select string_agg((pg_temp.run(run)).error ->> 'code', ' ' order by n) from r where n <> 2), 'MH_CANCELED MH_DEBOUNCED MH_DEBOUNCED', 'each with its cause');

-- The next burst is another.
truncate r;
insert into r values (1, pg_temp.ping('c', 1));
select pg_temp.at('5s'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.outcome(), '1succeeded1', 'alone, it begins when it has been quiet');

-- Debounce and a limit together: the one that is left takes its place in the queue.
select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), '{"policy": {"debounce": {"quiet": "5s"}, "concurrency": {"key": "''x''", "limit": 1}}}');
truncate r;
insert into r select n, pg_temp.ping('', n) from generate_series(1, 2) n;
select pg_temp.at('5s'), pg_temp.wake(), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.outcome(), '1canceled 2running', 'the last one has the slot');
insert into r select n, pg_temp.ping('', n) from generate_series(3, 4) n;
select pg_temp.at('5s'), pg_temp.wake(), pg_temp.wake(), pg_temp.wake();
select is((select string_agg(n || s.state, ' ' order by n) from r join meshhook.slot_list s on s.run_id = run), '2held 4queued', 'the next burst queues');
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded', 'until the slot is free') from r where n = 2;
select pg_temp.wake();
select is((select (pg_temp.run(run)).status::text from r where n = 4), 'running', 'then it begins');
-- A delayed start is quiet from when it is due.
truncate r;
insert into r select 1, meshhook.start('proof', 'flow', '{}', delay => '1 minute');
select pg_temp.at('10s'), pg_temp.wake(), pg_temp.wake();
select is((select state from r join meshhook.slot_list on run_id = run), 'delayed', 'not due');
select pg_temp.at('50s'), pg_temp.wake();
select is((select state || (due_at - pg_temp.now()) from r join meshhook.slot_list on run_id = run), 'quiet00:00:05', 'due, and then quiet');
select throws_like(format($$select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), %L)$$, jsonb_build_object('policy', jsonb_build_object('debounce', d))), '%' || code || '%', d::text)
from (values ('{"quiet": "5s", "mode": "middle"}'::jsonb, 'MH_DEF_CHOICE'), ('{"quiet": "10ms"}', 'MH_DEF_RANGE'), ('{"quiet": "5s", "max_wait": "1s"}', 'MH_DEF_RANGE')) x (d, code);
select is(pg_temp.proven(), 0::bigint, 'all are proven');
select * from finish();
rollback;
