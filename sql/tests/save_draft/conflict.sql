-- Drafts: kept right or wrong, and never over somebody else's unawares.
begin;
select plan(12);
select lives_ok($$select meshhook.create_project('draft-test')$$);
create temp table first as select meshhook.save_draft('draft-test', 'flow', '{"not": "valid"}', 'A title') as sha;
select matches((select sha from first), '^[0-9a-f]{64}$', 'answers with the hash');
select is((select array[title, draft_sha256, live_version::text, draft_differs::text] from meshhook.workflow_list where project = 'draft-test'), array['A title', (select sha from first), null, 'true'], 'the workflow is new');
create temp table second as select meshhook.save_draft('draft-test', 'flow', '{"not": "valid", "ui": {"a": 1}}', null, (select sha from first)) as sha;
select isnt((select sha from second), (select sha from first), 'ui counts in a draft');
select throws_ok(format($$select meshhook.save_draft('draft-test', 'flow', '{}', null, %L)$$, (select sha from first)), 'MH409', null, 'the old base is refused');
select throws_like(format($$select meshhook.save_draft('draft-test', 'flow', '{}', null, %L)$$, 'zz'), 'MH_DRAFT_CONFLICT: %', 'nonsense too');
select lives_ok(format($$select meshhook.save_draft('draft-test', 'flow', '{"title": "Another"}', null, %L)$$, (select sha from second)), 'the right one is not');
select is((select title from meshhook.workflow_list where project = 'draft-test'), 'Another', 'the title follows the definition');
select lives_ok($$select meshhook.save_draft('draft-test', 'flow', '{}')$$, 'without a base nobody is asked');
select throws_ok($$select meshhook.save_draft('draft-test', 'flow', '[]')$$, 'MH422', null, 'not an object');
select throws_ok($$select meshhook.save_draft('draft-test', 'flow', null)$$, 'MH422', null, 'nothing');
select throws_ok($$select meshhook.save_draft('draft-test', 'flow', jsonb_build_object('ui', repeat('x', 1048576)))$$, 'MH422', null, 'too large');
select * from finish();
rollback;
