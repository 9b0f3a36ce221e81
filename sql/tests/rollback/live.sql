-- Rolling back: another version is live, nothing else changes.
begin;
select plan(6);
create function pg_temp.d(expr text) returns jsonb language sql as $$
  select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'edges', '[{"from": "trigger", "to": "a"}]'::jsonb,
    'nodes', jsonb_build_object('a', jsonb_build_object('type', 'transform', 'with', jsonb_build_object('expr', expr))))
$$;
select lives_ok($$select meshhook.create_project('back-test'), meshhook.publish('back-test', 'flow', pg_temp.d('input')), meshhook.publish('back-test', 'flow', pg_temp.d('input.a'))$$);
select is(meshhook.rollback('back-test', 'flow', 1), 1, 'back to the first');
select is((select array[live_version, versions] from meshhook.workflow_list where project = 'back-test'), '{1,2}', 'it is live');
select throws_like($$select meshhook.rollback('back-test', 'flow', 3)$$, 'MH_VERSION_UNKNOWN: %', 'a version there is not');
select throws_like($$select meshhook.rollback('back-test', 'flow', null)$$, 'MH_VERSION_UNKNOWN: %', 'none');
select throws_like($$select meshhook.rollback('back-test', 'nothing', 1)$$, 'MH_WORKFLOW_UNKNOWN: %', 'a workflow there is not');
select * from finish();
rollback;
