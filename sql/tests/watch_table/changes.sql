-- Changes of a watched table start runs: which ones, with what in them, and in whose transaction.
begin;
select plan(45);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body"}')), pg_temp.edges('trigger>a'));
select meshhook.publish('proof', 'paid', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'paid', 'nodes', jsonb_build_object('a', pg_temp.node('transform', '{"expr": "join('' '', [trigger.op, trigger.table, trigger.body.op, trigger.body.new.status || ''none''])"}')), 'edges', pg_temp.edges('trigger>a')));
create table public.orders (id int primary key, status text, amount numeric);
create function pg_temp.news() returns jsonb language plpgsql as $$
declare v jsonb;
begin
  select jsonb_agg(r.output order by (r.output #>> '{new,id}')::int, r.output #>> '{old,id}') into v from meshhook.runs r where r.trigger = 'sql' and not exists (select from told t where t.id = r.id);
  insert into told select r.id from meshhook.runs r on conflict do nothing;
  return v;
end $$;
create temp table told (id uuid primary key);

select is(meshhook.watch_table('orders', 'proof', 'flow'), '{delete,insert,update}', 'all changes are watched');
insert into orders values (1, 'new', 12345678901234567890.12);
select is(pg_temp.news(), '[{"table": "public.orders", "op": "insert", "new": {"id": 1, "status": "new", "amount": 12345678901234567890.12}, "old": null}]', 'an insert');
insert into orders select g, 'new', g from generate_series(2, 4) g;
select is(jsonb_array_length(pg_temp.news()), 3, 'three rows, three runs');
update orders set status = 'paid' where id < 3;
select is(pg_temp.news(), '[{"table": "public.orders", "op": "update", "new": {"id": 1, "status": "paid", "amount": 12345678901234567890.12}, "old": {"id": 1, "status": "new", "amount": 12345678901234567890.12}},
  {"table": "public.orders", "op": "update", "new": {"id": 2, "status": "paid", "amount": 2}, "old": {"id": 2, "status": "new", "amount": 2}}]', 'updates know the row before');
update orders set id = id + 10 where id > 2;
select is((select jsonb_agg(jsonb_build_array(n #> '{old,id}', n #> '{new,id}') order by n #> '{old,id}') from jsonb_array_elements(pg_temp.news()) n), '[[3, 13], [4, 14]]', 'also when the primary key changes');
delete from orders where id = 1;
select is((select jsonb_build_array(n -> 'op', n -> 'new', n #> '{old,id}') from jsonb_array_elements(pg_temp.news()) n), '["delete", null, 1]', 'a delete');
update orders set status = 'x' where false;
select is(pg_temp.news(), null, 'nothing changed, nothing runs');
insert into orders values (2, 'again', 0), (5, 'fresh', 0) on conflict (id) do update set status = excluded.status;
select is((select string_agg(n ->> 'op', ' ' order by n #>> '{new,id}') from jsonb_array_elements(pg_temp.news()) n), 'update insert', 'on conflict: what it came to');
merge into orders o using (values (2, 'merged'), (6, 'new')) v(id, s) on o.id = v.id when matched then update set status = v.s when not matched then insert values (v.id, v.s, 0);
select is((select string_agg(n ->> 'op', ' ' order by n #>> '{new,id}') from jsonb_array_elements(pg_temp.news()) n), 'update insert', 'merge too');
truncate orders;
select is(pg_temp.news(), null, 'truncate is watched only when asked for');
select is_empty('select v.* from meshhook.runs r, meshhook.verify(r.id) v', 'all runs are proven');
select is((select distinct trigger from meshhook.run_list), 'sql', 'the list says what started them');
select is((select summary from meshhook.runs r, meshhook.history(r.id) h where h.seq = 1 and r.output ->> 'op' = 'delete'), 'version 1 of flow, by delete of public.orders', 'and so does the history');

-- One commit, or none.
savepoint before;
insert into orders values (7, 'lost', 0);
select is(jsonb_array_length(pg_temp.news()), 1, 'a run is there at once');
rollback to before;
select is(pg_temp.news(), null, 'and gone with its row');

-- Conditions and keys.
select is(meshhook.watch_table('orders', 'proof', 'paid', "when" => 'new.status = ''paid''', key => 'id'), '{insert,update}', 'what the condition can not be about is left out');
select is((select string_agg(workflow || ' ' || table_name || ' ' || state || ' ' || events::text, ', ' order by id) from meshhook.watch_list), 'flow public.orders watching {delete,insert,update}, paid public.orders watching {insert,update}', 'the list');
select meshhook.unwatch_table('orders', 'proof', 'flow');
select is((select count(*) from pg_trigger where tgrelid = 'orders'::regclass and not tgisinternal), 4::bigint, 'unwatched, its triggers are gone');
insert into orders values (8, 'new', 0), (9, 'paid', 0);
select is(pg_temp.news(), '["insert public.orders insert paid"]', 'only what the condition is true of');
update orders set status = 'paid' where id = 8;
select is(pg_temp.news(), '["update public.orders update paid"]', 'by insert or update');
select is((select string_agg(business_key, ' ' order by business_key) from meshhook.runs where business_key is not null), '8 9', 'the key is the business key');
select is(meshhook.watch_table('orders', 'proof', 'paid', '{update,Update}', 'new.status = ''paid'' and old.status is distinct from new.status -- only the change'), '{update}', 'watched again, the old watch is replaced');
update orders set amount = 1;
select is(pg_temp.news(), null, 'paid already');
update orders set status = 'paid' where id = 10;
insert into orders values (10, 'new', 0);
update orders set status = 'paid';
select is(pg_temp.news(), '["update public.orders update paid"]', 'paid now');
select is((select count(*) from meshhook.watched_tables), 1::bigint, 'a table is watched once for a workflow');
-- Truncate.
select is(meshhook.watch_table('orders', 'proof', 'flow', '{truncate,insert}'), '{insert,truncate}', 'truncate by name');
truncate orders;
select is(pg_temp.news(), '[{"table": "public.orders", "op": "truncate", "new": null, "old": null}]', 'is one run');

-- Many rows, one run.
select is(meshhook.watch_table('orders', 'proof', 'flow', batch => 3), '{delete,insert,update}', 'in batches');
insert into orders select g, 'new', g from generate_series(1, 7) g;
select is((select array_agg(jsonb_array_length(r.output -> 'changes') order by jsonb_array_length(r.output -> 'changes') desc) from meshhook.runs r where r.output ? 'changes'), '{3,3,1}', 'at most three a run');
select is((select jsonb_agg(c #> '{new,id}' order by r.id, n) from meshhook.runs r, jsonb_array_elements(r.output -> 'changes') with ordinality x(c, n) where r.output ? 'changes') @> '[1,2,3,4,5,6,7]', true, 'every row once');
insert into told select id from meshhook.runs on conflict do nothing;
update orders set status = repeat('x', 600000) where id < 4;
select is((select count(*) from meshhook.runs r where not exists (select from told t where t.id = r.id) and trigger = 'sql' and output #>> '{changes,0,op}' = 'update'), 3::bigint, 'and at most a megabyte');
insert into told select id from meshhook.runs on conflict do nothing;
delete from orders where id = 999;
select is(pg_temp.news(), null, 'a statement without rows is none');
select is((select count(*) from meshhook.watched_changes), 0::bigint, 'nothing is left lying');
savepoint batch;
update orders set status = 'y';
rollback to batch;
select is((select count(*) from meshhook.runs r where not exists (select from told t where t.id = r.id)), 0::bigint, 'rolled back with its rows');

-- A workflow that takes nothing in does not stop the application.
select meshhook.unwatch_table('orders', 'proof', w) from unnest(array['flow', 'paid']) w;
select is((select count(*) from pg_trigger where tgrelid = 'orders'::regclass and not tgisinternal), 0::bigint, 'no trigger is left');
select meshhook.watch_table('orders', 'proof', 'flow', '{insert}');
select meshhook.disable('proof', 'flow');
select lives_ok($$insert into orders values (100, 'new', 0)$$, 'disabled');
select is(pg_temp.news(), null, 'it starts nothing');
select meshhook.enable('proof', 'flow'), pg_temp.flow(jsonb_build_object('a', pg_temp.node('terminate', '{}')), pg_temp.edges('trigger>a'), '{"input": {"schema": {"required": ["nobody"]}}}');
select lives_ok($$insert into orders values (101, 'new', 0)$$, 'refused by its schema');
select is((select error_code from meshhook.watch_list), 'MH_INPUT_SCHEMA', 'is told in the list');
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "sum(trigger.body)"}')), pg_temp.edges('trigger>a'));
select lives_ok($$insert into orders values (102, 'new', 0)$$, 'a run that fails is the run''s business');
select is((select count(*) from meshhook.runs where status = 'failed'), 1::bigint, 'it is there');

-- The table goes.
drop table orders;
select is((select state from meshhook.watch_list), 'table gone', 'a dropped table is told');
select is((select did from meshhook_engine.maintain() where task = 'watches of dropped tables'), 1, 'and forgotten by upkeep');
select is((select count(*) from meshhook.watch_list), 0::bigint, 'nothing is left of it');
select is(array(select distinct action from meshhook.audit_log where action like 'watch.%' order by 1), '{watch.changed,watch.created,watch.deleted}', 'who watched is written down');
select * from finish();
rollback;
