-- Rows that stand in a process's name and that it does not name are taken back: a claim half a minute later, with the
-- heartbeat; leases and claims within seconds when the process says that it may have missed an answer.
begin;
select plan(8);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>post'));
create temp table proc as select meshhook_engine.register('me', 'test') as me, meshhook_engine.register('other', 'test') as other;
insert into mine select pg_temp.start() from generate_series(1, 7);
create temp table job as select id, row_number() over (order by id)::int as n from meshhook_river.river_job;
-- 1 claimed long ago and held, 2 claimed long ago and lost, 3 claimed just now, 4 leased and held, 5 leased and lost, 6 somebody else's, 7 leased just now
create function pg_temp.stage() returns void language sql as $$
  update meshhook_river.river_job r
  set state = case when job.n <= 3 then 'running' else 'scheduled' end::meshhook_river.river_job_state,
      scheduled_at = clock_timestamp() + case when job.n = 7 then interval '90 seconds' else interval '20 seconds' end,
      attempted_at = case when job.n <= 3 then clock_timestamp() - case when job.n = 3 then interval '-1 minute' else interval '31 seconds' end end,
      attempted_by = array['17', case when job.n = 6 then other else me end::text]
  from job, proc where job.id = r.id $$;
create function pg_temp.free() returns text language sql as $$
  select string_agg(job.n::text, ',' order by job.n) from meshhook_river.river_job r join job using (id) where r.state = 'available' $$;
create function pg_temp.held() returns bigint[] language sql as $$ select array_agg(id) from job where n in (1, 4) $$;

select pg_temp.stage();
select is((select meshhook_engine.beat(me, pg_temp.held()) from proc), 1, 'a heartbeat pushes on the lease that is held');
select is(pg_temp.free(), '2', 'and takes back the claim that nobody knows of');
select is((select meshhook_engine.beat(other, '{}') from proc), 0, 'another process');
select is(pg_temp.free(), '2', 'takes back nothing of it');
select pg_temp.stage();
select is((select meshhook_engine.recall(me, pg_temp.held(), '{scheduled,running}', '3 seconds') from proc), 2, 'the process asks for what it missed');
select is(pg_temp.free(), '2,5', 'that is what it does not hold, but for what may be on its way');
select pg_temp.stage();
select is((select meshhook_engine.recall(me, null, '{scheduled,running}', '3 seconds') from proc), 4, 'one that holds nothing');
select is(pg_temp.free(), '1,2,4,5', 'gets all that is its own');
select * from finish();
rollback;
