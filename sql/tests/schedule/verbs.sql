-- Making, replacing, pausing, resuming and removing a schedule.
begin;
select plan(31);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "[trigger.body.n, trigger.schedule, trigger.due_at]"}')), pg_temp.edges('trigger>a'));
select meshhook.publish('proof', 'other', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'other', 'nodes', jsonb_build_object('a', pg_temp.node('terminate', '{}')), 'edges', pg_temp.edges('trigger>a')));
create function pg_temp.clock() returns timestamptz language sql as $$ select current_setting('meshhook.fake_now')::timestamptz $$;
create function pg_temp.list() returns meshhook.schedule_list language sql as $$ select l from meshhook.schedule_list l where name = 'tick' $$;
create function pg_temp.runs() returns bigint language sql as $$ select count(*) from meshhook.runs where trigger = 'schedule' $$;

select is(meshhook.add_schedule('proof', 'flow', 'tick', '*/10 * * * *', input => '{"n": 1}'), pg_temp.clock() + interval '10 min', 'it answers when it falls due');
select is((pg_temp.list()).next_due, pg_temp.clock() + interval '10 min', 'the list says so');
select is(pg_temp.wake(), pg_temp.wake(), 'nothing is due yet');
select is(pg_temp.runs(), 0::bigint, 'and nothing runs');
select pg_temp.at('10 min'), pg_temp.wake(), pg_temp.wake();
select is(pg_temp.runs(), 1::bigint, 'due, it runs once');
select is((select output from meshhook.runs where id = (pg_temp.list()).last_run), jsonb_build_array(1, 'tick', meshhook_engine.iso(pg_temp.clock())), 'with its input, its name and the due moment');
select is((select l.last_outcome || ' ' || l.last_status || ' ' || l.started from pg_temp.list() l), 'started succeeded 1', 'the list tells');
select is((pg_temp.list()).next_due, pg_temp.clock() + interval '10 min', 'and when it is next');
select is_empty($$select v.* from meshhook.runs r, meshhook.verify(r.id) v$$, 'the run is proven');
select is((select summary from meshhook.history((pg_temp.list()).last_run) where seq = 1), 'version 1 of flow, by schedule tick', 'its history says what started it');
select is((select output from meshhook.run_list where trigger = 'schedule') ->> 1, 'tick', 'and so does run_list');

-- Replaced: the same text keeps its beat, another begins anew.
select pg_temp.at('5 min');
select is(meshhook.add_schedule('proof', 'flow', 'tick', '*/10 * * * *', catch_up => 'all', input => '{"n": 2}'), pg_temp.clock() + interval '5 min', 'replaced, it falls due as before');
select is((select count(*) from meshhook.schedules), 1::bigint, 'there is one');
select is(meshhook.add_schedule('proof', 'other', 'tick', '@every 7m'), pg_temp.clock() + interval '7 min', 'another text counts from now');
select is((select workflow || ' ' || catch_up from pg_temp.list()), 'other last', 'all settings are the new ones');
select is((pg_temp.list()).started, 1::bigint, 'what it has done stays');

-- Paused, it sleeps; resumed, it does not catch up.
select meshhook.pause_schedule('proof', 'tick'), meshhook.pause_schedule('proof', 'tick');
select is((select state || coalesce(next_due::text, ' never') from pg_temp.list()), 'paused never', 'paused');
select is(meshhook.add_schedule('proof', 'flow', 'tick', '@every 5m'), null, 'replaced while paused, it stays paused');
select pg_temp.at('1 day'), pg_temp.wake();
select is(pg_temp.runs(), 1::bigint, 'and starts nothing');
select is(meshhook.resume_schedule('proof', 'tick'), pg_temp.clock() + interval '5 min', 'resumed, it goes on from now');
select is(meshhook.resume_schedule('proof', 'tick'), pg_temp.clock() + interval '5 min', 'twice is as good as once');
select pg_temp.wake();
select is(pg_temp.runs(), 1::bigint, 'what fell due meanwhile is left out');

-- Refused.
select throws_like($$select meshhook.add_schedule('proof', 'flow', 'Bad Name', '@daily')$$, 'MH_SCHEDULE_NAME:%', 'a bad name');
select throws_like($$select meshhook.add_schedule('proof', 'flow', 'x', '0 0 30 2 *')$$, 'MH_CRON_NEVER:%', 'a day there is not');
select throws_like($$select meshhook.add_schedule('proof', 'flow', 'x', '@daily', catch_up => 'some')$$, 'MH_SCHEDULE_CATCH_UP:%', 'a bad catch_up');
select throws_like($$select meshhook.add_schedule('proof', 'flow', 'x', '@daily', overlap => null)$$, 'MH_SCHEDULE_OVERLAP:%', 'no overlap');
select throws_like($$select meshhook.add_schedule('proof', 'flow', 'x', '@daily', input => to_jsonb(repeat('x', 1100000)))$$, 'MH_SCHEDULE_INPUT:%', 'a huge input');
select throws_ok($$select meshhook.add_schedule('proof', 'nobody', 'x', '@daily')$$, 'MH404', null, 'a workflow there is not');
select throws_ok($$select meshhook.remove_schedule('proof', 'x')$$, 'MH404', null, 'a schedule there is not');

select meshhook.remove_schedule('proof', 'tick');
select is((select count(*) from meshhook.schedule_list) + (select count(*) from meshhook.schedule_runs), 0::bigint, 'removed, it is gone');
select is(array(select action || ' ' || target from meshhook.audit_log where action like 'schedule.%' order by id),
  '{schedule.created tick,schedule.changed tick,schedule.changed tick,schedule.changed tick,schedule.changed tick,schedule.changed tick,schedule.deleted tick}', 'who changed it is written down, what the clock did is not');
select * from finish();
rollback;
