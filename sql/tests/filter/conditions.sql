-- A filter lets in what the workflow is meant for; the rest is kept and ignored.
begin;
select plan(7);
-- with: flow.sql
-- with: door.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body"}')), pg_temp.edges('trigger>a'));
insert into ends select 'one', id from meshhook.create_endpoint('proof', 'flow', '{"kind": "none"}',
  '{"filter": "trigger.body.kind == ''paid'' && length(trigger.body.items) > `0`", "dedupe": {"key": "trigger.body.id"}}');
create temp table got as select a.* from meshhook_engine.accept(null, 0, (select array_agg(pg_temp.item(id)) from ends, generate_series(1, 5)), array[
  '{"id": 1, "kind": "paid", "items": [1]}', '{"id": 2, "kind": "open", "items": [1]}', '{"id": 3, "kind": "paid", "items": 7}', '{"id": 2, "kind": "paid", "items": [1]}', 'no json']::bytea[]) a;
select is((select array_agg(verdict || ' ' || coalesce(cause, '-') order by item) from got),
  '{accepted -,ignored MH_FILTERED,invalid MH_ENDPOINT_EXPRESSION,accepted -,invalid MH_BODY_JSON}', 'each by its content');
select is((select count(*) from meshhook.runs), 2::bigint, 'only what passes runs');
select matches((select message from got where item = 2), 'trigger.body.kind', 'the filter is named');
select matches((select message from got where item = 3), 'MH_EXPR_TYPE', 'an expression that cannot be worked out says why');
select is((select count(*) from meshhook.requests where body is not null), 5::bigint, 'the bytes of all are kept');
select is((select array_agg(key order by key) from meshhook.deliveries), '{1,2}', 'what is ignored is no delivery');
select is_empty('select * from meshhook.runs r, meshhook.verify(r.id)', 'proven');
select * from finish();
rollback;
