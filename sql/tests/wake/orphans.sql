-- Work of dead processes is for the living at once; a living process keeps its own.
begin;
select plan(9);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>post'));
create temp table proc as select meshhook_engine.register('dead', 'test') as dead, meshhook_engine.register('alive', 'test') as alive, meshhook_engine.register('young', 'test') as young;
select is(pg_advisory_lock(1835362152, alive)::text, '', 'the living hold their lock') from proc;
update meshhook.processes set started_at = started_at - interval '1 minute' where id in (select dead from proc union select alive from proc);
insert into mine select pg_temp.start() from generate_series(1, 4);
with j as (select id, row_number() over (order by id) as n from meshhook_river.river_job)
update meshhook_river.river_job r set state = case when j.n = 1 then 'running' else 'scheduled' end::meshhook_river.river_job_state, scheduled_at = clock_timestamp() + interval '30s',
  attempted_by = array[(case j.n when 3 then alive when 4 then young else dead end)::text] from j, proc where r.id = j.id;
select is((select did from meshhook_engine.wake(null, 10) where task = 'dead processes'), 2, 'two rows of the dead one, leased and claimed');
select is((select array_agg(state::text || (scheduled_at <= clock_timestamp()) order by id) from meshhook_river.river_job), '{availabletrue,availabletrue,scheduledfalse,scheduledfalse}', 'are there for anybody now');
select is((select count(*) from meshhook.processes, proc where id = dead), 0::bigint, 'it is forgotten');
select is((select did from meshhook_engine.wake(null, 10) where task = 'dead processes'), 0, 'the living and the one just born keep theirs');
select is((select meshhook_engine.beat(alive, array(select j.id from meshhook_river.river_job j)) from proc), 1, 'of all rows named, a heartbeat holds its own lease only');
select is((select meshhook_engine.release(alive, array(select id from meshhook_river.river_job)) from proc), 1, 'and can give it back, its own only');
select is((select count(*) from meshhook_river.river_job where state = 'available'), 3::bigint, 'three for anybody');
select is((select count(*) from meshhook_engine.begin(1, array(select id from meshhook_river.river_job)) b where jsonb_array_length(b.calls) = 1), 4::bigint, 'each row tells its call');
select * from finish();
rollback;
