-- Runs that time or a table starts are held back like any other: by the concurrency of their workflow.
begin;
select plan(7);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>post'),
  '{"policy": {"concurrency": {"key": "''one''", "limit": 1, "on_limit": "queue"}}}');
create function pg_temp.statuses() returns text language sql as $$ select string_agg(n || ' ' || status, ', ' order by status) from (select status, count(*) n from meshhook.runs group by 1) x $$;
select meshhook.add_schedule('proof', 'flow', 'tick', '0 * * * *', catch_up => 'all');
select pg_temp.at('3 hours'), pg_temp.wake(), pg_temp.wake();
select is((select string_agg(outcome, ' ') from meshhook.schedule_runs), 'started started started', 'all three moments have their runs');
select is(pg_temp.statuses(), '1 running, 2 waiting', 'one goes, the others wait for it');
create table public.items (id int);
select meshhook.watch_table('items', 'proof', 'flow');
insert into items values (1), (2);
select is(pg_temp.statuses(), '1 running, 4 waiting', 'changes of a table wait too');
create function pg_temp.turn() returns text language plpgsql as $$
begin
  perform pg_temp.deliver(r.id, 'post', 1, '{"status": 200}') from meshhook.runs r where r.status = 'running';
  perform pg_temp.wake();
  return pg_temp.statuses();
end $$;
select is(pg_temp.turn(), '1 running, 3 waiting, 1 succeeded', 'the next one goes');
select pg_temp.turn(), pg_temp.turn(), pg_temp.turn();
select is(pg_temp.turn(), '5 succeeded', 'and so on to the last');
select is_empty('select v.* from meshhook.runs r, meshhook.verify(r.id) v', 'all are proven');
select is((select string_agg(trigger, ' ' order by trigger) from meshhook.runs), 'schedule schedule schedule sql sql', 'whatever started them');
select * from finish();
rollback;
