-- Of what works by itself, what people set is written down; what it does is not.
begin;
select plan(5);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "`1`"}')), pg_temp.edges('trigger>a'));
select meshhook.add_schedule('proof', 'flow', 'nightly', '@daily');
create function pg_temp.trail() returns text language sql as $$ select string_agg(t.action, ' ' order by t.id) from meshhook.audit_trail t where t.project = 'proof' and t.target = 'nightly' $$;
select is(pg_temp.trail(), 'schedule.created', 'a schedule');
select pg_temp.at('3 days'), pg_temp.wake();
select cmp_ok((select started from meshhook.schedules), '>', 0::bigint, 'it starts runs');
select is(pg_temp.trail(), 'schedule.created', 'which is no change of it');
update meshhook.schedules set cron = '0 4 * * *';
select is(pg_temp.trail(), 'schedule.created schedule.changed', 'another time is');
delete from meshhook.schedules;
select is(pg_temp.trail(), 'schedule.created schedule.changed schedule.deleted', 'its end too');
select * from finish();
rollback;
