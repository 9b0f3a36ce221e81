-- Publishing: numbers without gaps, one version for one content, errors listed, the draft left alone while somebody works on it.
begin;
select plan(20);
create function pg_temp.d(expr text, ui jsonb default '{}', name text default 'flow') returns jsonb language sql as $$
  select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', name, 'ui', ui, 'edges', '[{"from": "trigger", "to": "a"}]'::jsonb,
    'nodes', jsonb_build_object('a', jsonb_build_object('type', 'transform', 'with', jsonb_build_object('expr', expr))))
$$;
create function pg_temp.detail(statement text) returns text language plpgsql as $$
declare v text; begin execute statement; return null; exception when others then get stacked diagnostics v = pg_exception_detail; return v; end $$;
select lives_ok($$select meshhook.create_project('pub-test')$$);
select throws_ok($$select meshhook.publish('pub-test', 'flow')$$, 'MH404', null, 'an unknown workflow is not made without a definition');
select is(meshhook.publish('pub-test', 'flow', pg_temp.d('input')), 1, 'the first version makes the workflow');
select is((select array[live_version::text, enabled::text, draft_differs::text, versions::text] from meshhook.workflow_list where project = 'pub-test'), '{1,true,false,1}', 'live, enabled, draft the same');
select is(meshhook.publish('pub-test', 'flow', pg_temp.d('input.a')), 2, 'the second');
select is(meshhook.publish('pub-test', 'flow', pg_temp.d('input', '{"positions": {"a": [1, 2]}}')), 1, 'known content keeps its version');
select is((select live_version from meshhook.workflow_list where project = 'pub-test'), 1, 'and is live again');
select is(meshhook.publish('pub-test', 'flow', pg_temp.d('input.b'), 'third'), 3, 'numbers have no gaps');
select is((select note || ' by ' || published_by from meshhook.version_list where project = 'pub-test' and live), 'third by operator', 'note and who');
select throws_ok($$select meshhook.publish('pub-test', 'flow', pg_temp.d('a ||'))$$, 'MH422', null, 'errors');
select is((select array_agg(p ->> 'path') from jsonb_array_elements(pg_temp.detail($$select meshhook.publish('pub-test', 'flow', pg_temp.d('a ||'))$$)::jsonb) p),
  '{/nodes/a/with/expr}', 'the detail lists them');
select throws_like($$select meshhook.publish('pub-test', 'flow', pg_temp.d('input', '{}', 'other'))$$, 'MH_DEF_INVALID: MH_DEF_NAME at /name:%', 'the name must be the workflow''s');
select throws_ok($$select meshhook.publish('pub-test', 'Bad Name', pg_temp.d('input'))$$, 'MH400', null, 'a bad name');
select lives_ok($$select meshhook.save_draft('pub-test', 'flow', pg_temp.d('input.draft'))$$, 'a draft');
select is(meshhook.publish('pub-test', 'flow', pg_temp.d('input.hotfix')), 4, 'somebody publishes something else');
select is((select draft #>> '{nodes,a,with,expr}' from meshhook.workflows w join meshhook.projects p on p.id = w.project_id where p.slug = 'pub-test'), 'input.draft', 'the draft stays');
select is(meshhook.publish('pub-test', 'flow'), 5, 'the draft is published');
select is(meshhook.publish('pub-test', 'flow'), 5, 'twice is once');
select is((select array_agg(version order by version) from meshhook.version_list where project = 'pub-test'), '{1,2,3,4,5}', 'five versions');
select is((select count(distinct v.sha256) from meshhook.version_list v where project = 'pub-test' and v.sha256 = encode(meshhook_engine.definition_sha256(v.definition), 'hex')), 5::bigint, 'their hashes are their contents''');
select * from finish();
rollback;
