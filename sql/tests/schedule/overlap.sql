-- A run that is still open when the next one is due.
begin;
select plan(17);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>post'));
create function pg_temp.statuses(schedule text) returns text language sql as $$
  select string_agg(k.outcome || coalesce(' ' || r.status, ''), ', ' order by k.due_at) from meshhook.schedule_runs k join meshhook.schedules s on s.id = k.schedule_id
  left join meshhook.runs r on r.id = k.run_id where s.name = schedule $$;
create function pg_temp.last(schedule text) returns uuid language sql as $$ select last_run from meshhook.schedules where name = schedule $$;
select meshhook.add_schedule('proof', 'flow', c, '0 * * * *', overlap => c) from unnest(array['allow', 'skip', 'cancel_old']) c;
select pg_temp.at('1 hour'), pg_temp.wake();
select pg_temp.at('1 hour'), pg_temp.wake();
select is(pg_temp.statuses('allow'), 'started running, started running', 'allow: side by side');
select is(pg_temp.statuses('skip'), 'started running, skipped', 'skip: not while the last one is open');
select is(pg_temp.statuses('cancel_old'), 'started canceled, started running', 'cancel_old: the last one gives way');
select is((select error ->> 'message' from meshhook.runs where status = 'canceled'), 'The next run of schedule cancel_old was due.', 'and says why');
select is_empty($$select v.* from meshhook.runs r, meshhook.verify(r.id) v$$, 'all are proven');
select is((select last_outcome from meshhook.schedule_list where name = 'skip'), 'skipped', 'the list tells');
select is(pg_temp.queue((select id from meshhook.runs where status = 'canceled')), 'nothing', 'the canceled one holds no queue row');

select pg_temp.deliver(pg_temp.last('skip'), 'post', 1, '{"status": 200}');
select pg_temp.deliver(pg_temp.last('cancel_old'), 'post', 1, '{"status": 200}');
select pg_temp.at('1 hour'), pg_temp.wake();
select is(pg_temp.statuses('skip'), 'started succeeded, skipped, started running', 'skip: once it has ended the next one starts');
select is(pg_temp.statuses('cancel_old'), 'started canceled, started succeeded, started running', 'cancel_old: what has ended is left alone');

-- With catch_up all, the moments of one pass meet each other.
select meshhook.add_schedule('proof', 'flow', c, '0 * * * *', catch_up => 'all', overlap => c) from unnest(array['allow', 'skip', 'cancel_old']) c;
select pg_temp.at('3 hours'), pg_temp.wake();
select is((select count(*) from meshhook.schedule_runs k join meshhook.schedules s on s.id = k.schedule_id where s.name = 'allow' and k.outcome = 'started'), 6::bigint, 'allow: all of them');
select is(pg_temp.statuses('skip'), 'started succeeded, skipped, started running, skipped, skipped, skipped', 'skip: none while one is open');
select is(pg_temp.statuses('cancel_old'), 'started canceled, started succeeded, started canceled, skipped, skipped, started running', 'cancel_old: the newest only');
select pg_temp.deliver(pg_temp.last('skip'), 'post', 1, '{"status": 200}');
select pg_temp.at('2 hours'), pg_temp.wake();
select is((select string_agg(outcome, ' ' order by due_at) from (select k.* from meshhook.schedule_runs k join meshhook.schedules s on s.id = k.schedule_id where s.name = 'skip' order by due_at desc limit 2) x),
  'started skipped', 'skip: the first of a pass stands in the way of the others');

-- A workflow whose runs end at once never overlaps.
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "`1`"}')), pg_temp.edges('trigger>a'));
select meshhook.cancel(id) from meshhook.runs where finished_at is null;
select meshhook.remove_schedule('proof', name) from meshhook.schedules;
select meshhook.add_schedule('proof', 'flow', 'skip', '0 * * * *', catch_up => 'all', overlap => 'skip'), meshhook.add_schedule('proof', 'flow', 'cancel_old', '0 * * * *', overlap => 'cancel_old');
select pg_temp.at('3 hours'), pg_temp.wake(), pg_temp.at('1 hour'), pg_temp.wake();
select is(pg_temp.statuses('skip'), 'started succeeded, started succeeded, started succeeded, started succeeded', 'skip has nothing to skip');
select is(pg_temp.statuses('cancel_old'), 'started succeeded, started succeeded', 'cancel_old has nothing to cancel');
-- A run that is gone altogether is not open.
update meshhook.schedules set last_run = gen_random_uuid();
select pg_temp.at('1 hour'), pg_temp.wake();
select is((select count(*) from meshhook.schedules where last_outcome = 'started'), 2::bigint, 'a last run that retention has dropped stands in nobody''s way');
select is((select max(last_error::text) from meshhook.schedules), null, 'and nothing is wrong');
select * from finish();
rollback;
