-- A start is part of the caller's transaction: taken back, it leaves no row in any table of the database.
begin;
select plan(7);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'nap', pg_temp.node('delay', '{"for": "1h"}')), pg_temp.edges('trigger>post', 'trigger>nap'));
create table public.orders (id text primary key);
-- Every table there is, whatever its schema, and how many rows it has; partitions are counted in their parents.
create function pg_temp.rows() returns table (name text, n bigint) language sql as $$
  select c.oid::regclass::text, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', c.oid::regclass), false, true, '')))[1]::text::bigint
  from pg_class c join pg_namespace s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'm') and not c.relispartition and s.nspname not in ('pg_catalog', 'information_schema') and s.nspname not like 'pg\_%' $$;
create temp table before as select * from pg_temp.rows();
select cmp_ok((select count(*) from before), '>', 20::bigint, 'all tables are looked at');
savepoint mine;
insert into orders values ('A-1');
select meshhook.start('proof', 'flow', jsonb_build_object('text', repeat('x', 20000)), 'A-1', 'key-1'), meshhook.start('proof', 'flow', delay => '1 hour');
select set_has($$select name from pg_temp.rows() r join before b using (name) where r.n > b.n$$,
  $$values ('orders'), ('meshhook.runs'), ('meshhook.events'), ('meshhook.payloads'), ('meshhook.waits'), ('meshhook.idempotency_keys'), ('meshhook_river.river_job')$$, 'a start writes here');
rollback to mine;
select set_eq('select * from pg_temp.rows()', 'select * from before', 'rolled back, nothing is left anywhere');
-- The same when something else goes wrong after it.
create function pg_temp.order_it(id text) returns void language plpgsql as $$
begin
  insert into public.orders values (id);
  perform meshhook.start('proof', 'flow', jsonb_build_object('id', id), idempotency_key => id);
  perform 1 / (length(id) - 3);
end $$;
select throws_ok($$select pg_temp.order_it('A-1')$$, '22012', null, 'the application fails');
select set_eq('select * from pg_temp.rows()', 'select * from before', 'and with it everything');
select lives_ok($$select pg_temp.order_it('A-10')$$, 'the next one goes through');
select set_eq($$select name, r.n - b.n from pg_temp.rows() r join before b using (name) where r.n <> b.n$$,
  $$values ('orders', 1::bigint), ('meshhook.runs', 1), ('meshhook.events', 3), ('meshhook.waits', 1), ('meshhook.idempotency_keys', 1), ('meshhook_river.river_job', 1)$$, 'order and run together, and nothing else');
select * from finish();
rollback;
