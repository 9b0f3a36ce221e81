-- Settings of an endpoint change one by one, take effect at commit, and are refused with the place of what is wrong.
begin;
select plan(32);
select meshhook.create_project('proof');
select meshhook.publish('proof', n, jsonb_build_object('apiVersion', 'meshhook/v1', 'name', n, 'nodes', '{"a": {"type": "terminate"}}'::jsonb, 'edges', '[{"from": "trigger", "to": "a"}]'::jsonb))
from unnest(array['flow', 'more']) n;
create temp table made as select * from meshhook.create_endpoint('proof', 'flow', '{"kind": "none"}', '{"alias": "orders", "dedupe": {"key": "trigger.headers.\"x-id\""}, "cidrs": ["10.0.0.0/8"]}');
create function pg_temp.shown() returns jsonb language sql as $$ select to_jsonb(e) from meshhook.endpoint_list e, made where e.id = made.id $$;
select is(pg_temp.shown() -> 'options' #- '{dedupe,tree}', '{"dedupe": {"key": "trigger.headers.\"x-id\"", "window_ms": 259200000}, "cidrs": ["10.0.0.0/8"]}', 'three days unless told otherwise');
select is(pg_temp.shown() ->> 'alias_path', '/hooks/proof/orders', 'a readable path');
select is(meshhook_engine.endpoint('proof/orders') ->> 'id', (select id::text from made), 'leads to it');
select is(meshhook_engine.endpoint('proof/other'), null, 'another does not');
select is(meshhook_engine.endpoint('proof/orders') -> 'cidrs', '["10.0.0.0/8"]', 'the door learns the networks');
select lives_ok($$select meshhook.set_endpoint(id, '{"filter": "trigger.body.a", "max_body": 99}') from made$$, 'some are changed');
select is(pg_temp.shown() - 'options' @> '{"name": "flow", "max_body": 99, "methods": ["POST"], "alias_path": "/hooks/proof/orders"}', true, 'what was not given stays');
select is((select array_agg(k order by k) from jsonb_object_keys(pg_temp.shown() -> 'options') k), '{cidrs,dedupe,filter}', 'of the options too');
select lives_ok($$select meshhook.set_endpoint(id, '{"filter": null, "cidrs": null, "alias": null, "name": "renamed", "max_body": null}', '{"kind": "hmac", "header": "X-Sig"}') from made$$, 'null takes away');
select is(pg_temp.shown() @> '{"name": "renamed", "max_body": 1048576, "alias_path": null, "verified_by": "hmac"}', true, 'or back to the default');
select is((select array_agg(k) from jsonb_object_keys(pg_temp.shown() -> 'options') k), '{dedupe}', 'only one is left');
select lives_ok($$select meshhook.create_endpoint('proof', 'flow', '{"kind": "none"}', '{"name": "second", "alias": "a"}')$$);
select throws_like($$select meshhook.set_endpoint(id, '{"name": "second"}') from made$$, 'MH_ENDPOINT_EXISTS: %', 'a name that is taken');
select throws_like($$select meshhook.set_endpoint(id, '{"alias": "a"}') from made$$, 'MH_ENDPOINT_EXISTS: %', 'an alias that is taken');
select throws_like($$select meshhook.create_endpoint('proof', 'flow', '{"kind": "none"}', '{"alias": "a"}')$$, 'MH_ENDPOINT_EXISTS: %', 'at its making too');
select throws_like(format('select meshhook.set_endpoint(id, %L) from made', o), 'MH_ENDPOINT_OPTION: %', coalesce(o, 'null')) from unnest(array[
  '{"filter": "a =="}', '{"filter": "steps.a"}', '{"filter": "secrets.a"}', '{"dedupe": {}}', '{"dedupe": {"key": "trigger.body", "window": "0s"}}', '{"dedupe": {"key": 7}}',
  '{"cidrs": ["10.0.0.1/8"]}', '{"cidrs": ["here"]}', '{"alias": "A B"}', '{"name": null}', '[]']) o;
-- A preset brings the key that tells its provider's deliveries apart.
create function pg_temp.key(verify jsonb, options jsonb) returns text language plpgsql as $$
declare v uuid;
begin
  select c.id into v from meshhook.create_endpoint('proof', 'flow', verify, options) c;
  return (select e.options #>> '{dedupe,key}' from meshhook.endpoint_list e where e.id = v);
end $$;
select is(pg_temp.key('{"kind": "github"}', '{}'), 'trigger.headers."x-github-delivery"', 'of its own');
select is(pg_temp.key('{"kind": "github"}', '{"dedupe": {"key": "trigger.body.id"}}'), 'trigger.body.id', 'unless another is given');
select is(pg_temp.key('{"kind": "github"}', '{"dedupe": null}'), null, 'or none is wanted');
-- Workflows come and go.
select meshhook.add_endpoint_workflow(id, 'more', true) from made;
select is(pg_temp.shown() -> 'workflows', '["more", "flow"]', 'the new one is primary');
select meshhook.remove_endpoint_workflow(id, 'more') from made;
select is(pg_temp.shown() -> 'workflows', '["flow"]', 'and gone');
select throws_like($$select meshhook.remove_endpoint_workflow(id, 'more') from made$$, 'MH_ENDPOINT_WORKFLOW: %', 'twice makes no sense');
select * from finish();
rollback;
