-- A schedule that can start nothing says so in its own row, and stops no other.
begin;
select plan(15);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "`1`"}')), pg_temp.edges('trigger>a'));
select meshhook.save_draft('proof', 'draft', '{}');
select meshhook.publish('proof', 'strict', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'strict', 'input', '{"schema": {"type": "object", "required": ["id"]}}'::jsonb, 'nodes', jsonb_build_object('a', pg_temp.node('terminate', '{}')), 'edges', pg_temp.edges('trigger>a')));
select meshhook.publish('proof', 'off', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'off', 'nodes', jsonb_build_object('a', pg_temp.node('terminate', '{}')), 'edges', pg_temp.edges('trigger>a')));
select meshhook.publish('proof', 'wrong', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'wrong', 'nodes', jsonb_build_object('a', pg_temp.node('transform', '{"expr": "sum(trigger.body)"}')), 'edges', pg_temp.edges('trigger>a')));
select meshhook.add_schedule('proof', w, w, '0 * * * *') from unnest(array['draft', 'off', 'wrong', 'flow', 'strict']) w;
select meshhook.add_schedule('proof', 'flow', 'zone', '0 * * * *'), meshhook.add_schedule('proof', 'flow', 'text', '0 * * * *');
select meshhook.disable('proof', 'off');
update meshhook.schedules set timezone = 'Mars/Olympus' where name = 'zone';
update meshhook.schedules set cron = '61 * * * *' where name = 'text';
select pg_temp.at('1 hour');
select lives_ok('select pg_temp.wake()', 'the leader goes on');
select is((select last_outcome || ' ' || coalesce(error_code, 'fine') from meshhook.schedule_list where name = l), told, l) from (values
  ('flow', 'started fine'), ('wrong', 'started fine'), ('draft', 'failed MH_NOT_PUBLISHED'), ('off', 'failed MH_WORKFLOW_DISABLED'),
  ('strict', 'failed MH_INPUT_SCHEMA'), ('zone', 'failed MH_SCHEDULE_BROKEN'), ('text', 'failed MH_SCHEDULE_BROKEN')) x(l, told);
select is((select status::text || ' ' || error_code from meshhook.run_list r join meshhook.schedules s on s.last_run = r.id where s.name = 'wrong') like 'failed MH_EXPR_%', true, 'a run that fails is the run''s business');
select is((select outcome || ' ' || (error ->> 'code') from meshhook.schedule_runs k join meshhook.schedules s on s.id = k.schedule_id where s.name = 'off'), 'failed MH_WORKFLOW_DISABLED', 'the moment is written down');
select is((select count(*) from meshhook.schedules where next_due <= current_setting('meshhook.fake_now')::timestamptz), 0::bigint, 'none is left to be tried again and again');
select meshhook.enable('proof', 'off');
update meshhook.schedules set timezone = 'UTC' where name = 'zone';
select pg_temp.at('1 hour'), pg_temp.wake();
select is((select last_outcome || coalesce(' ' || error_code, '') from meshhook.schedule_list where name = 'off'), 'started', 'enabled, it goes on');
select is((select last_outcome || coalesce(' ' || error_code, '') from meshhook.schedule_list where name = 'zone'), 'started', 'a zone that is back is taken up again');
-- The key stands behind the lock.
select throws_ok($$insert into meshhook.schedule_runs select * from meshhook.schedule_runs limit 1$$, '23505', null, 'no moment twice');
update meshhook.schedules set next_due = last_due where name = 'flow';
create temp table before as select count(*) n from meshhook.runs;
select pg_temp.wake();
select is((select count(*) from meshhook.runs), n, 'a moment that is known is not run again, whatever next_due says') from before;
select * from finish();
rollback;
