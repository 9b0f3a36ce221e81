-- One project's backlog does not come before another's next run: rows are taken in rounds, one of each project that waits.
begin;
select plan(12);
-- with: flow.sql

create function pg_temp.take(n int) returns text language sql as $$
  with next as (select j.id from meshhook_river.river_job j where j.state = 'available' and j.scheduled_at <= clock_timestamp() order by j.priority, j.scheduled_at, j.id limit n),
  taken as (update meshhook_river.river_job j set state = 'running', attempted_at = clock_timestamp(), attempted_by = '{1}' from next where j.id = next.id returning j.id, j.args, j.priority, j.scheduled_at)
  select string_agg(p.slug, '' order by t.priority, t.scheduled_at, t.id) from taken t join meshhook.runs r on r.id = (t.args ->> 'run_id')::uuid join meshhook.projects p on p.id = r.project_id $$;
select meshhook.create_project(p), meshhook.publish(p, 'flow', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), 'edges', pg_temp.edges('trigger>post')))
from unnest(array['a', 'b', 'c']) p;
select count(meshhook.start('a', 'flow')) from generate_series(1, 500);
select is(pg_temp.take(3), 'aaa', 'alone, a project has all turns');
select meshhook.start('b', 'flow');
select is(pg_temp.take(3), 'aba', 'a run of another is in the next round');
select count(meshhook.start(p, 'flow')) from generate_series(1, 4), unnest(array['b', 'c']) p;
select is(pg_temp.take(12), 'abcabcabcabc', 'three that wait take turns');
select is(pg_temp.take(3), 'aaa', 'the rest is the rest');
select count(meshhook.start('a', 'flow')) from generate_series(1, 100);
select meshhook.start('c', 'flow');
select is(pg_temp.take(3), 'aca', 'more of the one does not push the other back');
-- What was begun goes first: given back by hand, or by River.
select is(meshhook_engine.release(1, array(select max(id) from meshhook_river.river_job where state = 'running')), 1, 'a row is given back');
select is((select string_agg(priority::text, '') from meshhook_river.river_job where state = 'available' and priority = 1), '1', 'before what has not begun');
select is(pg_temp.take(2), 'ca', 'and is next');
update meshhook_river.river_job set state = 'available', scheduled_at = clock_timestamp() where id = (select min(id) from meshhook_river.river_job where state = 'running' and priority = 2);
select pg_temp.wake();
select is((select count(*) from meshhook_river.river_job where state = 'available' and priority = 1), 1::bigint, 'so is one that came back by itself');
select ok((select bool_and(scheduled_at < clock_timestamp()) from meshhook_river.river_job), 'no turn lies in the future');
-- Rows made anew take their turns as well.
delete from meshhook_river.river_job;
select ok(meshhook.requeue() > 500, 'the queue is lost and built again');
select matches(pg_temp.take(6), '^(?=.*b)(?=.*c)(?=.*a)', 'in rounds');
select * from finish();
rollback;
