-- What a process has in hand and no run waits for.
begin;
select plan(5);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'b', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'nap', pg_temp.node('delay', '{"for": "1s"}')), pg_temp.edges('trigger>a', 'trigger>b', 'trigger>nap'));
insert into mine select pg_temp.start();
create function pg_temp.unwanted() returns int[] language sql as $$
  select array(select u from mine, meshhook_engine.unwanted(array[run, run, run, run, run, run, gen_random_uuid()], '{a,b,nap,a,z,*,a}', '{1,1,0,2,1,0,1}') u order by u) $$;
select is(pg_temp.unwanted(), '{4,5,6,7}', 'another attempt, a step there is not, the rest there is not, a run there is not');
select meshhook.pause(run) from mine;
select is(pg_temp.unwanted(), '{4,5,6,7}', 'a paused run waits for what is in flight');
select meshhook.skip_step(run, 'b') from mine;
select is(pg_temp.unwanted(), '{2,4,5,6,7}', 'a step gone past');
select meshhook.cancel(run) from mine;
select is(pg_temp.unwanted(), '{1,2,3,4,5,6,7}', 'a run that has ended');
select is(array(select meshhook_engine.unwanted('{}', '{}', '{}')), '{}', 'nothing of nothing');
select * from finish();
rollback;
