-- Versions and the log cannot be changed, not even by a superuser in a hurry; a whole project can go.
begin;
select plan(12);
select lives_ok($$select meshhook.create_project('guard-test'), meshhook.publish('guard-test', 'flow',
  '{"apiVersion": "meshhook/v1", "name": "flow", "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}')$$);
select throws_like($$update meshhook.workflow_versions set note = 'x'$$, 'MH_VERSION_IMMUTABLE: %', 'no update of a version');
select throws_like($$delete from meshhook.workflow_versions$$, 'MH_VERSION_IMMUTABLE: %', 'no delete of one');
create table meshhook.events_guard_test partition of meshhook.events for values from ('00000000-0000-0000-0000-000000000000') to ('00000000-0000-0000-0000-0000000000ff');
create table meshhook.payloads_guard_test partition of meshhook.payloads for values from ('00000000-0000-0000-0000-000000000000') to ('00000000-0000-0000-0000-0000000000ff');
insert into meshhook.events (run_id, at, seq, project_id, type, data) values ('00000000-0000-0000-0000-000000000001', now(), 1, 1, 'run.started', '{}');
insert into meshhook.payloads (run_id, seq, project_id, data) values ('00000000-0000-0000-0000-000000000001', 1, 1, '{}');
select throws_like($$update meshhook.events set seq = 2 where run_id = '00000000-0000-0000-0000-000000000001'$$, 'MH_LOG_APPEND_ONLY: %', 'no update of an event');
select throws_like($$delete from meshhook.events where run_id = '00000000-0000-0000-0000-000000000001'$$, 'MH_LOG_APPEND_ONLY: %', 'no delete');
select throws_like($$update meshhook.events_guard_test set seq = 2$$, 'MH_LOG_APPEND_ONLY: %', 'nor in the partition');
select throws_like($$update meshhook.payloads set data = '1' where run_id = '00000000-0000-0000-0000-000000000001'$$, 'MH_LOG_APPEND_ONLY: %', 'no update of a payload');
select throws_like($$delete from meshhook.payloads where run_id = '00000000-0000-0000-0000-000000000001'$$, 'MH_LOG_APPEND_ONLY: %', 'no delete of one');
select throws_like($$truncate meshhook.events$$, 'MH_LOG_APPEND_ONLY: %', 'no truncate');
select throws_like($$truncate meshhook.payloads$$, 'MH_LOG_APPEND_ONLY: %', 'of either');
select lives_ok($$delete from meshhook.projects where slug = 'guard-test'$$, 'a project goes with all that is its');
select is((select count(*) from meshhook.workflow_versions v left join meshhook.projects p on p.id = v.project_id where p.id is null), 0::bigint, 'its versions too');
select * from finish();
rollback;
