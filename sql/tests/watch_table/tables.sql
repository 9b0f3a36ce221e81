-- Which tables can be watched: partitioned ones, whatever partition a statement names, and those without a key.
begin;
select plan(41);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body"}')), pg_temp.edges('trigger>a'));
create temp table told (id uuid primary key);
create function pg_temp.news() returns text language plpgsql as $$
declare v text;
begin
  select string_agg(concat_ws(' ', r.output ->> 'op', r.output #>> '{old,id}', '>', r.output #>> '{new,id}'), ', ' order by r.output ->> 'op', r.output #>> '{new,id}') into v
  from meshhook.runs r where not exists (select from told t where t.id = r.id);
  insert into told select r.id from meshhook.runs r on conflict do nothing;
  return v;
end $$;

create table public.parts (id int, region text, primary key (id, region)) partition by list (region);
create table public.parts_a partition of parts for values in ('a');
create table public.parts_b partition of parts for values in ('b');
select is(meshhook.watch_table('parts', 'proof', 'flow'), '{delete,insert,update}', 'a partitioned table');
insert into parts values (1, 'a'), (2, 'b');
select is(pg_temp.news(), 'insert > 1, insert > 2', 'by its own name');
insert into parts_a values (3, 'a');
select is(pg_temp.news(), 'insert > 3', 'by the name of a partition');
select is((select output ->> 'table' from meshhook.runs where output #>> '{new,id}' = '3'), 'public.parts', 'it is the table that is watched');
update parts set region = 'b' where id = 1;
select is(pg_temp.news(), 'delete 1 >, insert > 1', 'a row that moves to another partition is gone there and new here');
create table public.parts_c partition of parts for values in ('c');
insert into parts_c values (4, 'c');
select is(pg_temp.news(), 'insert > 4', 'a partition made later is watched');
create table public.parts_d (like parts);
alter table parts attach partition parts_d for values in ('d');
insert into parts_d values (5, 'd');
select is(pg_temp.news(), 'insert > 5', 'and one attached later');
alter table parts detach partition parts_d;
insert into parts_d values (6, 'd');
select is(pg_temp.news(), null, 'one detached is not');
select is((select state from meshhook.watch_list), 'watching', 'the list counts the triggers of the table alone');
-- In batches: what names the table ends with the statement, what names a partition with the transaction.
select is(meshhook.watch_table('parts', 'proof', 'flow', batch => 10), '{delete,insert,update}', 'in batches');
insert into parts select g, 'a' from generate_series(10, 12) g;
select is((select jsonb_array_length(r.output -> 'changes') from meshhook.runs r where r.output ? 'changes'), 3, 'by its own name');
insert into told select id from meshhook.runs on conflict do nothing;
insert into parts_a select g, 'a' from generate_series(20, 23) g;
insert into parts_b select g, 'b' from generate_series(30, 31) g;
select is((select count(*) from meshhook.watched_changes), 6::bigint, 'by the names of partitions rows are kept');
set constraints all immediate;
select is((select array_agg(jsonb_array_length(r.output -> 'changes')) from meshhook.runs r where not exists (select from told t where t.id = r.id)), '{6}', 'until the commit, and are put together then');
select is((select count(*) from meshhook.watched_changes), 0::bigint, 'none is left');
set constraints all deferred;
select meshhook.unwatch_table('parts', 'proof', 'flow');
select is((select count(*) from pg_trigger where tgname like 'meshhook%'), 0::bigint, 'unwatched, no partition keeps a trigger');

-- Without a primary key: rows are told as they are, an update knows both.
create table public.logs (id int, n int generated always as (id * 2) stored, "Odd Name" text);
select is(meshhook.watch_table('logs', 'proof', 'flow', key => 'new.Odd Name'), '{delete,insert,update}', 'a table without a key, whatever its columns are called');
truncate told;
insert into told select id from meshhook.runs;
insert into logs values (1, default, 'first'), (1, default, 'second');
update logs set id = 2;
delete from logs;
select is(pg_temp.news(), 'delete 2 >, delete 2 >, insert > 1, insert > 1, update 1 > 2, update 1 > 2', 'rows that look the same are rows');
select is((select count(distinct business_key) || ' ' || count(*) from meshhook.runs where business_key is not null), '2 6', 'the key of a deleted row is its old one');
alter table logs drop column "Odd Name";
select lives_ok('insert into logs values (3)', 'the key column can go');
select is(pg_temp.news(), 'insert > 3', 'runs then have none');
alter table logs rename to renamed;
insert into renamed values (44);
select is((select output ->> 'table' from meshhook.runs where output #>> '{new,id}' = '44'), 'public.renamed', 'a renamed table is told by its name');
alter table renamed disable trigger all;
select is((select state from meshhook.watch_list), 'triggers disabled', 'triggers that are off are told');
do $$ begin execute format('drop trigger meshhook_watch_%s_insert_1 on renamed', (select id from meshhook.watch_list)); end $$;
select is((select state from meshhook.watch_list), 'triggers missing', 'so is one that is gone');

-- What can not be watched.
create view public.seen as select 1 as id;
create temp table passing (id int);
select throws_like(format('select meshhook.watch_table(%s, ''proof'', ''flow'')', t), 'MH_WATCH_TABLE:%', 'not ' || t) from unnest(array['''seen''', '''passing''', '''meshhook.runs''', '''pg_class''', 'null']) t;
select throws_like(format('select meshhook.watch_table(''renamed'', ''proof'', ''flow'', %s)', a), code || ':%', a) from (values
  ('''{}''', 'MH_WATCH_EVENTS'), ('null', 'MH_WATCH_EVENTS'), ('''{select}''', 'MH_WATCH_EVENTS'), ('''{insert,null}''', 'MH_WATCH_EVENTS'),
  ('batch => 0', 'MH_WATCH_BATCH'), ('batch => 1001', 'MH_WATCH_BATCH'), ('batch => null', 'MH_WATCH_BATCH'), ('key => ''nobody''', 'MH_WATCH_KEY'), ('key => ''ctid''', 'MH_WATCH_KEY'), ('key => ''id'', batch => 2', 'MH_WATCH_KEY')) x(a, code);
select throws_ok($$select meshhook.watch_table('renamed', 'proof', 'nobody')$$, 'MH404', null, 'no such workflow');
select meshhook.save_draft('proof', 'draft', '{}');
select throws_like($$select meshhook.watch_table('renamed', 'proof', 'draft')$$, 'MH_NOT_PUBLISHED:%', 'a workflow that never was published');
select throws_like($$select meshhook.unwatch_table('parts', 'proof', 'flow')$$, 'MH_WATCH_UNKNOWN:%', 'a table that is not watched');
select * from finish();
rollback;
