-- A process that holds its lock and is not heard of for half a minute (frozen, or cut off where nobody notices) loses its
-- work to the living, also what it claimed; it stays known, for it holds the lock, and it may come back.
begin;
select plan(8);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>post'));
create temp table proc as select meshhook_engine.register('frozen', 'test') as frozen, meshhook_engine.register('alive', 'test') as alive;
select is((select count(pg_advisory_lock(1835362152, p)) from proc, unnest(array[frozen, alive]) p), 2::bigint, 'both hold their lock');
update meshhook.processes set started_at = started_at - interval '1 hour', seen_at = clock_timestamp() - interval '15 seconds' where id in (select frozen from proc);
insert into mine select pg_temp.start() from generate_series(1, 3);
with j as (select id, row_number() over (order by id) as n from meshhook_river.river_job)
update meshhook_river.river_job r set state = case when j.n = 1 then 'running' else 'scheduled' end::meshhook_river.river_job_state, scheduled_at = clock_timestamp() + interval '30s',
  attempted_by = array[(case j.n when 3 then alive else frozen end)::text] from j, proc where r.id = j.id;
select is((select did from meshhook_engine.wake(null, 10) where task = 'dead processes'), 0, '15 s are no silence');
update meshhook.processes set seen_at = clock_timestamp() - interval '31 seconds' where id in (select frozen from proc);
select is((select w.did from proc, meshhook_engine.wake(proc.frozen, 10) w where w.task = 'dead processes'), 0, 'whoever asks is not silent');
select is((select did from meshhook_engine.wake(null, 10) where task = 'dead processes'), 2, 'after 30 s, its two rows');
select is((select array_agg(state::text || (scheduled_at <= clock_timestamp()) order by id) from meshhook_river.river_job), '{availabletrue,availabletrue,scheduledfalse}', 'are there for anybody now');
select is((select count(*) from meshhook.processes), 2::bigint, 'it stays known: should it die later, its lock tells');
select is((select meshhook_engine.beat(frozen, '{}') from proc), 0, 'it is heard of again');
update meshhook_river.river_job r set state = 'running', attempted_by = array[frozen::text] from proc where r.state = 'available';
select is((select did from meshhook_engine.wake(null, 10) where task = 'dead processes'), 0, 'and keeps what it takes then');
select * from finish();
rollback;
