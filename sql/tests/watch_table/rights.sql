-- Who may watch, as whom conditions and casts run, and what somebody who wants more than is theirs can do.
begin;
select plan(41);
-- with: flow.sql
select meshhook.create_project('other');
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.new.id"}')), pg_temp.edges('trigger>a'));
select meshhook.publish('other', 'flow', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', jsonb_build_object('a', pg_temp.node('terminate', '{}')), 'edges', pg_temp.edges('trigger>a')));
create role mh_t_owner login; create role mh_t_app login; create role mh_t_editor login; create role mh_t_trigger login;
grant meshhook_user to mh_t_owner, mh_t_editor, mh_t_trigger;
insert into meshhook.members (project_id, principal, role) select p.id, r, 'editor' from meshhook.projects p, unnest(array['mh_t_owner', 'mh_t_editor', 'mh_t_trigger']) r where p.slug = 'proof';
create schema shop authorization mh_t_owner;
grant usage, create on schema shop to mh_t_trigger, mh_t_app;
grant usage on schema shop to mh_t_editor;
create function pg_temp.as(who text, statement text) returns text language plpgsql as $$
declare v text := 'ok';
begin
  execute format('set local session authorization %I', who);
  begin
    execute statement;
  exception when others then v := sqlstate || ' ' || split_part(sqlerrm, ':', 1);
  end;
  reset session authorization;
  return v;
end $$;
create function pg_temp.runs() returns bigint language sql as $$ select count(*) from meshhook.runs $$;

select is(pg_temp.as('mh_t_owner', $$create table shop.orders (id int primary key, status text)$$), 'ok', 'somebody has a table');
select is(pg_temp.as('mh_t_owner', $$grant select, insert, update, trigger on shop.orders to mh_t_app, mh_t_editor, mh_t_trigger$$), 'ok', 'that others use');
select is(pg_temp.as('mh_t_editor', $$select meshhook.watch_table('shop.orders', 'proof', 'flow')$$), 'MH403 MH_WATCH_NOT_OWNER', 'an editor of the project who does not own the table can not');
select is(pg_temp.as('mh_t_owner', $$select meshhook.watch_table('shop.orders', 'other', 'flow')$$), 'MH404 MH_PROJECT_UNKNOWN', 'nor can its owner in a project of others');
update meshhook.members set role = 'operator' where principal = 'mh_t_owner';
select is(pg_temp.as('mh_t_owner', $$select meshhook.watch_table('shop.orders', 'proof', 'flow')$$), 'MH403 MH_FORBIDDEN', 'nor one who may not edit');
select is((select count(*) from meshhook.watched_tables) + (select count(*) from pg_trigger where tgrelid = 'shop.orders'::regclass), 0::bigint, 'and nothing is left of the attempts');
update meshhook.members set role = 'editor' where principal = 'mh_t_owner';
select is(pg_temp.as('mh_t_owner', $$select meshhook.watch_table('shop.orders', 'proof', 'flow', key => 'id')$$), 'ok', 'who owns the table and may edit can');

-- Whoever changes the table needs no right of ours, and gets none.
select is(pg_temp.as('mh_t_app', $$insert into shop.orders values (1, 'new')$$), 'ok', 'an application knows nothing of it');
select is(pg_temp.runs(), 1::bigint, 'and a run is there');
select is(pg_temp.as('mh_t_app', statement), '42501 permission denied for schema meshhook', 'it may do nothing else: ' || statement) from unnest(array[
  'select * from meshhook.run_list', 'select meshhook.start(''proof'', ''flow'')', 'insert into meshhook.watched_changes values (1)']) statement;
select is(pg_temp.as('mh_t_editor', statement), code, 'an editor too goes through verbs: ' || statement) from (values
  ('insert into meshhook.watched_tables (project_id, workflow_id, relation, events, batch) values (1, 1, 1, ''{insert}'', 1)', '42501 permission denied for table watched_tables'),
  ('insert into meshhook.watched_changes (project_id, watch_id, tx, change) values (1, 1, pg_current_xact_id(), ''{}'')', '42501 permission denied for table watched_changes'),
  ('select meshhook_engine.start_watched(null, null, null, null)', '42501 permission denied for schema meshhook_engine')) x(statement, code);

-- Casts to JSON belong to whoever owns the type. They run as whoever changes the table, never as the engine.
select is(pg_temp.as('mh_t_owner', $$create type shop.spy as enum ('a', 'b');
  create table shop.seen (who text); grant insert on shop.seen to public;
  create function shop.peep(shop.spy) returns json language plpgsql as $f$ begin insert into shop.seen values (current_user); return to_json('peeped'::text); end $f$;
  create cast (shop.spy as json) with function shop.peep(shop.spy);
  alter table shop.orders add column spy shop.spy$$), 'ok', 'an owner who wants to be the engine');
select is(pg_temp.as('mh_t_app', $$insert into shop.orders values (2, 'new', 'a')$$), 'ok', 'a row with such a value');
select is((select array_agg(distinct who) from shop.seen), '{mh_t_app}', 'the cast has run as the application');
select is((select e.data #>> '{trigger,body,new,spy}' from meshhook.runs r join meshhook.events e on e.run_id = r.id and e.seq = 1 where r.business_key = '2'), 'peeped', 'and its result is what the run gets');

-- So do conditions.
select is(pg_temp.as('mh_t_owner', $$create function shop.who(text) returns boolean language plpgsql as $f$ begin insert into shop.seen values ('when ' || current_user); return true; end $f$;
  select meshhook.watch_table('shop.orders', 'proof', 'flow', '{update}', 'shop.who(new.status)')$$), 'ok', 'a condition that looks who it is');
select is(pg_temp.as('mh_t_app', $$update shop.orders set status = 'x' where id = 1$$), 'ok', 'is asked');
select is((select array_agg(distinct who) from shop.seen where who like 'when%'), '{"when mh_t_app"}', 'as the application');

-- What is no condition.
create table shop.victim (id int);
select is(pg_temp.as('mh_t_owner', format('select meshhook.watch_table(''shop.orders'', ''proof'', ''flow'', ''{insert,update}'', %L)', w)), code, 'no condition: ' || left(w, 60)) from (values
  ('true) execute function meshhook.watched_read(); drop table shop.orders; --', 'MH422 MH_WATCH_WHEN'), ('true) or (true', 'MH422 MH_WATCH_WHEN'), ('true); select (true', 'MH422 MH_WATCH_WHEN'),
  ('true /*', 'MH422 MH_WATCH_WHEN'), ('new.status = ''paid', 'MH422 MH_WATCH_WHEN'), ('new.nothing = 1', 'MH422 MH_WATCH_WHEN'), ('new.status', 'MH422 MH_WATCH_WHEN'), ('1', 'MH422 MH_WATCH_WHEN'),
  ('exists (select from shop.victim)', 'MH422 MH_WATCH_WHEN'), ('count(*) > 0', 'MH422 MH_WATCH_WHEN'), ('$1', 'MH422 MH_WATCH_WHEN'), ('new.status = ''x'' and old.status = ''y''', 'MH422 MH_WATCH_WHEN'),
  (repeat('(', 5000) || 'true' || repeat(')', 5001), 'MH422 MH_WATCH_WHEN')) x(w, code);
select is((select condition from meshhook.watch_list), 'shop.who(new.status)', 'the watch is what it was');

-- Triggers forged by whoever may make triggers.
create temp table before as select (select count(*) from meshhook.runs) as n, (select id from meshhook.watched_tables) as watch;
grant select on before to public;
create function pg_temp.forge(who text, relation text, name text, event text) returns text language sql as $$
  select pg_temp.as(who, format('create trigger %I after %s on %s for each row execute function meshhook.watched_start(%L)', name, event, relation, (select watch from before))) $$;
select pg_temp.as('mh_t_trigger', 'create table shop.own (id int)');
select is(pg_temp.forge('mh_t_trigger', 'shop.own', format('meshhook_watch_%s_update_2', watch), 'insert or update'), 'ok', 'on a table of one''s own') from before;
select is(pg_temp.forge('mh_t_trigger', 'shop.orders', 'zzz', 'insert or update'), 'ok', 'on the watched table, by another name');
select is(pg_temp.forge('mh_t_trigger', 'shop.orders', format('meshhook_watch_%s_insert_2', watch), 'insert or update'), 'ok', 'by the name of an event that is not watched') from before;
select is(pg_temp.as('mh_t_trigger', $$select set_config('meshhook.watched', '{"op": "update", "new": {"id": 666}}', true); insert into shop.own values (1); update shop.own set id = 2; select set_config('meshhook.watched', '{"op": "insert", "new": {"id": 666}}', true); insert into shop.orders values (66, 'x')$$), 'ok', 'with a row made up');
select is(pg_temp.runs(), n, 'start nothing') from before;
select * from finish();
rollback;
