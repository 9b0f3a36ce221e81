-- One delivery is one run, however often it comes within the window: alone, in one group, from several endpoints.
begin;
select plan(16);
-- with: flow.sql
-- with: door.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.n"}')), pg_temp.edges('trigger>a'));
insert into ends select n, (select id from meshhook.create_endpoint('proof', 'flow', '{"kind": "none"}',
  jsonb_build_object('name', n, 'dedupe', '{"key": "trigger.body.id", "window": "1h"}'::jsonb))) from unnest(array['one', 'two']) n;
create function pg_temp.send(variadic bodies text[]) returns table (verdict text, run uuid, request uuid) language sql as $$
  select a.verdict, a.run_id, a.request_id from meshhook_engine.accept(null, 0,
    (select array_agg(pg_temp.item(id)) from ends, unnest(bodies) where name = 'one'), (select array_agg(convert_to(b, 'UTF8')) from unnest(bodies) b)) a order by a.item $$;
create temp table first as select * from pg_temp.send('{"id": "d1", "n": 1}');
select is((select verdict from first), 'accepted', 'the first is taken');
create temp table second as select * from pg_temp.send('{"id": "d1", "n": 2}');
select is((select verdict from second), 'duplicate', 'the second is a duplicate');
select is((select run from second), (select run from first), 'told the run of the first');
select isnt((select request from second), (select request from first), 'kept as a request of its own');
select is((select first_id from meshhook.requests q, second where q.id = request), (select request from first), 'linked to the first');
select is((select duplicates from meshhook.request_log, first where id = request), 1, 'counted at the first');
select is((select convert_from(body, 'UTF8') from meshhook.requests q, second where q.id = request), '{"id": "d1", "n": 2}', 'its bytes are kept');
select is((select array_agg(verdict) from pg_temp.send('{"id": "d2"}', '{"id": "d3"}', '{"id": "d2"}', '{"id": "d1"}', '{"id": "d2"}')),
  '{accepted,accepted,duplicate,duplicate,duplicate}', 'in one group the first of each key is taken');
select is((select array_agg(duplicates order by key) from meshhook.deliveries), '{2,2,0}', 'all counted');
select is((select array_agg(verdict) from pg_temp.send('{"id": null}', '{"id": ""}', '{}', '{"id": null}')), '{accepted,accepted,accepted,accepted}', 'without a key nothing is told apart');
select is((select array_agg(verdict) from pg_temp.send('{"id": 7}', '{"id": 7}', '{"id": [1]}', '{"id": [1]}', '{"id": false}', '{"id": false}')),
  '{accepted,duplicate,accepted,duplicate,accepted,duplicate}', 'a key may be any value');
select is((select array_agg(verdict) from pg_temp.send(format('{"id": "%s"}', repeat('x', 5000)), format('{"id": "%s"}', repeat('x', 5000)), format('{"id": "%sy"}', repeat('x', 4999)))),
  '{accepted,duplicate,accepted}', 'and of any length');
select is((select verdict from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id)], array['{"id": "d1"}']::bytea[]) where name = 'two'), 'accepted', 'another endpoint has keys of its own');
select pg_temp.at('61 minutes');
select is((select array_agg(verdict) from pg_temp.send('{"id": "d1"}', '{"id": "d1"}')), '{accepted,duplicate}', 'after the window it is a new delivery');
select is((select count(*) from meshhook.runs r where not exists (select from meshhook.requests q where q.verdict = 'accepted' and r.id = any (q.run_ids))), 0::bigint, 'every run has its request');
select is_empty('select * from meshhook.runs r, meshhook.verify(r.id)', 'all are proven');
select * from finish();
rollback;
