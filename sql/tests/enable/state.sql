-- Enabling and disabling.
begin;
select plan(5);
select lives_ok($$select meshhook.create_project('able-test'), meshhook.save_draft('able-test', 'flow', '{}')$$);
select lives_ok($$select meshhook.disable('able-test', 'flow')$$);
select is((select enabled from meshhook.workflow_list where project = 'able-test'), false, 'disabled');
select lives_ok($$select meshhook.enable('able-test', 'flow'), meshhook.enable('able-test', 'flow')$$, 'twice is once');
select is((select enabled from meshhook.workflow_list where project = 'able-test'), true, 'enabled');
select * from finish();
rollback;
