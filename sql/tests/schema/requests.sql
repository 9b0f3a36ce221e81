-- input.schema guards what starts a run: requests, each workflow by its own, and starts from SQL.
begin;
select plan(10);
-- with: flow.sql
-- with: door.sql

select meshhook.publish('proof', n, jsonb_build_object('apiVersion', 'meshhook/v1', 'name', n, 'input', jsonb_build_object('schema', s::jsonb),
  'nodes', '{"a": {"type": "transform", "with": {"expr": "trigger.body"}}}'::jsonb, 'edges', '[{"from": "trigger", "to": "a"}]'::jsonb))
from (values ('strict', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "to": {"items": {"pattern": "@"}}}}'), ('loose', '{"type": "object"}')) x (n, s);
insert into ends select 'one', id from meshhook.create_endpoint('proof', 'strict', '{"kind": "none"}', '{"dedupe": {"key": "trigger.body.id"}}');
create temp table got as select a.* from meshhook_engine.accept(null, 0, (select array_agg(pg_temp.item(id)) from ends, generate_series(1, 4)), array['{"id": 1}', '{"id": "x", "to": ["a@b", "c"]}', '[]', '{"id": 1}']::bytea[]) a;
select is((select array_agg(verdict || ' ' || coalesce(cause, '-') order by item) from got), '{accepted -,invalid MH_INPUT_SCHEMA,invalid MH_INPUT_SCHEMA,duplicate MH_DUPLICATE}', 'each by its content');
select is((select error from got where item = 2), '[{"message": "expected integer, got string", "pointer": "/id"}, {"message": "\"c\" does not match @", "pointer": "/to/1"}]', 'every violation with its place');
select is((select message from got where item = 3), 'The input violates its schema in one place: expected object, got array', 'and a sentence');
select is((select count(*) from meshhook.requests where body is not null), 4::bigint, 'the bytes of all are kept');
select is((select array_agg(key) from meshhook.deliveries), '{1}', 'what is refused may come again, corrected');
select meshhook.add_endpoint_workflow(id, 'loose') from ends;
create temp table mixed as select a.* from meshhook_engine.accept(null, 0, (select array_agg(pg_temp.item(id)) from ends, generate_series(1, 2)), array['{"id": "y"}', '7']::bytea[]) a;
select is((select array_agg(verdict order by item) from mixed), '{accepted,invalid}', 'a request that one workflow takes is accepted');
select is((select array_agg(w.name) from mixed m, meshhook.requests q, meshhook.runs r, meshhook.workflows w where m.item = 1 and q.id = m.request_id and r.id = any (q.run_ids) and w.id = r.workflow_id), '{loose}', 'and starts that one only');
select throws_like($$select meshhook.start('proof', 'strict', '{"id": null}')$$, 'MH_INPUT_SCHEMA: %/id: expected integer, got null', 'a start from SQL is guarded too');
select is((select count(*) from meshhook.runs), 2::bigint, 'and leaves nothing');
select is_empty('select * from meshhook.runs r, meshhook.verify(r.id)', 'all are proven');
select * from finish();
rollback;
