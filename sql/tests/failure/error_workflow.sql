-- A workflow's failures start its error workflow, once each, in the same commit.
begin;
select plan(21);
-- with: flow.sql

create function pg_temp.heeded(id uuid) returns text language sql as $$
  select coalesce(string_agg(concat_ws(' ', w.name, r.trigger, r.status, r.business_key), ', ' order by r.id), 'nobody') from meshhook.runs r join meshhook.workflows w on w.id = r.workflow_id where r.origin_id = heeded.id and r.trigger = 'error' $$;
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"max_attempts": 1}}')), pg_temp.edges('trigger>post'), '{"policy": {"error_workflow": "on-error", "deadline": "1h"}}');
insert into mine select meshhook.start('proof', 'flow', '{}', 'order 1');
select pg_temp.deliver(run, 'post', 1, '{"status": 404}') from mine;
select is(pg_temp.heeded(run), 'nobody', 'a workflow there is not starts nothing') from mine;
select is((pg_temp.run(run)).status::text, 'failed', 'and keeps nobody from failing') from mine;
select meshhook.publish('proof', 'on-error', '{"apiVersion": "meshhook/v1", "name": "on-error", "policy": {"error_workflow": "on-error"}, "nodes": {"tell": {"type": "http_call", "with": {"url": "http://target.test/", "body": "{{ trigger.body }}"}, "retry": {"max_attempts": 1}}}, "edges": [{"from": "trigger", "to": "tell"}]}');
select meshhook.retry(run) from mine;
select pg_temp.deliver(run, 'post', 2, '{"status": 404}') from mine;
select is(pg_temp.heeded(run), 'on-error error running order 1', 'each failure is told of') from mine;
create temp table heeds as select r.id as run from meshhook.runs r, mine where r.origin_id = mine.run;
select is((select concat_ws(' ', e.data #>> '{body,run,id}' = mine.run::text, e.data #> '{body,run,workflow}', e.data #> '{body,run,business_key}', e.data #> '{body,error,code}', e.data #> '{body,error,step}') from heeds, mine, meshhook.events e where e.run_id = heeds.run and e.type = 'call.scheduled'),
  't "flow" "order 1" "MH_CALL_STATUS" "post"', 'with the run and its error');
select is(pg_temp.queue(run), 'available', 'somebody works on it') from heeds;
select is_empty($$select v.* from heeds, meshhook.verify(run) v$$, 'proven');
select is_empty($$select v.* from mine, meshhook.verify(run) v$$, 'the failed one too');
select pg_temp.deliver(run, 'tell', 1, '{"status": 500}') from heeds;
select is((pg_temp.run(run)).status::text, 'failed', 'it fails as well') from heeds;
select is(pg_temp.heeded(run), 'nobody', 'which is told to nobody, or there were no end') from heeds;
select is((select count(*) from meshhook.dead_letters where trigger = 'error'), 1::bigint, 'but is a dead letter');

-- By whatever means a run fails.
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.at('2h'), pg_temp.wake();
select is(pg_temp.heeded(run), 'on-error error running', 'a deadline') from mine;
truncate mine;
select pg_temp.flow(jsonb_build_object('bad', pg_temp.node('transform', '{"expr": "abs(trigger)"}')), pg_temp.edges('trigger>bad'), '{"policy": {"error_workflow": "on-error"}}');
insert into mine select pg_temp.start();
select is(pg_temp.heeded(run), 'on-error error running', 'at its start') from mine;
select meshhook.retry(run) from mine;
select is((select d.status from mine, meshhook_engine.deliver(null, 0, array[jsonb_build_object('run', run, 'step', '*', 'attempt', 0, 'kind', 'timer')], array[null::bytea]) d), 'failed', 'again') from mine;
select is(pg_temp.heeded(run), 'on-error error running, on-error error running', 'again') from mine;
select meshhook.disable('proof', 'on-error');
truncate mine;
insert into mine select pg_temp.start();
select is(pg_temp.heeded(run), 'nobody', 'a disabled one starts nothing') from mine;
select meshhook.enable('proof', 'on-error');
truncate mine;
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>post'), '{"policy": {"error_workflow": "on-error"}}');
insert into mine select pg_temp.start();
select meshhook.cancel(run) from mine;
select is(pg_temp.heeded(run), 'nobody', 'to cancel is not to fail') from mine;
-- One that fails at once, in the commit of the failure it is told of.
select meshhook.publish('proof', 'on-error', '{"apiVersion": "meshhook/v1", "name": "on-error", "nodes": {"tell": {"type": "transform", "with": {"expr": "abs(trigger)"}}}, "edges": [{"from": "trigger", "to": "tell"}]}');
truncate mine;
select pg_temp.flow(jsonb_build_object('bad', pg_temp.node('transform', '{"expr": "abs(trigger)"}')), pg_temp.edges('trigger>bad'), '{"policy": {"error_workflow": "on-error"}}');
insert into mine select pg_temp.start() from generate_series(1, 2);
select is(pg_temp.heeded(run), 'on-error error failed', 'once') from mine;
select is((select count(*) from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "x", "policy": {"error_workflow": "nobody"}, "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}', 'proof') where code = 'MH_DEF_ERROR_WORKFLOW' and severity = 'warning'), 1::bigint, 'one that is not there is warned of');
select is((select count(*) from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "x", "policy": {"error_workflow": "on-error"}, "nodes": {"a": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "a"}]}', 'proof')), 0::bigint, 'one that is, is not');
select is((select string_agg(code, ' ') from unnest(array['"No Name"', '1']) bad, meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'x', 'policy', jsonb_build_object('error_workflow', bad::jsonb), 'nodes', '{"a": {"type": "terminate"}}'::jsonb, 'edges', '[{"from": "trigger", "to": "a"}]'::jsonb))), 'MH_DEF_NAME MH_DEF_TYPE', 'what is no name');
select * from finish();
rollback;
