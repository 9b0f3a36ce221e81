-- The heartbeat pushes on only the leases that the process names: one whose answer never reached it must run out.
begin;
select plan(3);

select meshhook.create_project('beat');
select meshhook.publish('beat', 'one', '{
  "apiVersion": "meshhook/v1", "name": "one",
  "nodes": {"call": {"type": "http_call", "with": {"url": "http://192.0.2.1/"}}},
  "edges": [{"from": "trigger", "to": "call"}]}');
create temp table leased as
select (a.calls -> 0 -> 'job')::bigint as job
from (select meshhook_engine.register('beat', 'test') as id) p,
     (select id from meshhook.create_endpoint('beat', 'one')) e,
     lateral meshhook_engine.accept(p.id, 2, array_fill(jsonb_build_object('endpoint', e.id, 'method', 'POST', 'path', '/'), array[2]),
       array['{}', '{}']::bytea[]) a;
update meshhook_river.river_job set scheduled_at = now() + interval '1 second';

select is(
  (select meshhook_engine.beat(p.id, array[(select min(job) from leased)]) from meshhook.processes p where p.name = 'beat'), 1, 'one row is named');
select ok((select scheduled_at > now() + interval '20 seconds' from meshhook_river.river_job where id = (select min(job) from leased)), 'its lease is pushed on');
select ok((select scheduled_at < now() + interval '2 seconds' from meshhook_river.river_job where id = (select max(job) from leased)), 'the other one runs out');

select * from finish();
rollback;
