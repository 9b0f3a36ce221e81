-- Repeating a run that a webhook started: the webhook stays the record, for as long as it is kept.
begin;
select plan(10);
-- with: flow.sql
-- with: door.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/{{ trigger.query.q }}", "body": "{{ trigger.body }}"}')), pg_temp.edges('trigger>post'));
insert into ends select 'door', pg_temp.endpoint('door');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, true from ends e, meshhook.workflows w join meshhook.projects p on p.id = w.project_id where p.slug = 'proof' and w.name = 'flow';
insert into mine select a.run_id from ends e, meshhook_engine.accept(null, 0, array[pg_temp.item(e.id)], array[convert_to('{"n": 1}', 'UTF8')]) a;
select pg_temp.deliver(run, 'post', 1, '{"status": 404}') from mine;
create temp table again as select meshhook.rerun(run) as run from mine;
select is(((pg_temp.run(again.run)).request_id, e.data -> 'request'), ((pg_temp.run(mine.run)).request_id, to_jsonb((pg_temp.run(mine.run)).request_id)), 'the same webhook') from mine, again, meshhook.events e where e.run_id = again.run and e.seq = 1;
select is((select e.data ? 'trigger' from again, meshhook.events e where e.run_id = run and e.seq = 1), false, 'kept once');
select is((select concat_ws(' ', e.data ->> 'url', e.data -> 'body') from again, meshhook.events e where e.run_id = run and e.type = 'call.scheduled'), 'http://target.test/1 {"n": 1}', 'read from there');
select is_empty($$select v.* from again, meshhook.verify(run) v$$, 'proven');
create temp table edited as select meshhook.rerun(run, input => '{"n": 2}') as run from mine;
select is((select concat_ws(' ', e.data ->> 'url', e.data -> 'body') from edited, meshhook.events e where e.run_id = run and e.type = 'call.scheduled'), 'http://target.test/1 {"n": 2}', 'another body, the same query');
select is((pg_temp.run(run)).request_id, null, 'that is no webhook''s') from edited;
select is_empty($$select v.* from edited, meshhook.verify(run) v$$, 'proven');
delete from meshhook.requests;
select throws_like(format('select meshhook.rerun(%L)', run), 'MH_REQUEST_GONE: %', 'when the webhook is gone') from mine;
create temp table given as select meshhook.rerun(run, null, '{"n": 9}') as run from mine;
select is((select e.data #> '{trigger,body}' from given, meshhook.events e where e.run_id = run and e.seq = 1), '{"n": 9}', 'the input must be given');
select meshhook.dismiss(run, 'no query') from given;
select pg_temp.deliver(run, 'post', 1, '{"status": 404}') from again;
select is(meshhook.rerun_all('proof'), 0, 'in bulk it is left out');
select * from finish();
rollback;
