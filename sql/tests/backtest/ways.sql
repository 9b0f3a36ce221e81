-- In which ways runs can differ: their path, the requests they make, their outcome, their output.
begin;
select plan(18);
-- with: flow.sql
-- with: door.sql

create temp table d as select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', jsonb_build_object(
    'post', pg_temp.node('http_call', '{"url": "https://erp.test/{{ trigger.body.n }}"}', '{"retry": {"base": "10s"}}'),
    'slow', pg_temp.node('http_call', '{"url": "https://slow.test/"}'),
    'end', pg_temp.node('terminate', '{"output": "{{ steps.post.body }}"}')),
  'edges', pg_temp.edges('trigger>post', 'trigger>slow', 'post>end')) as d;
select meshhook.publish('proof', 'flow', d) from d;
insert into ends select 'flow', pg_temp.endpoint('flow');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, true from ends e, meshhook.workflows w;
create temp table sent as select a.item as n, a.request_id as request, a.run_id as run
from ends e, meshhook_engine.accept(null, 0, array_fill(pg_temp.item(e.id), array[4]), array['{"n": 1}', '{"n": 2}', '{"n": 3}', '{"n": 4}']::bytea[]) a;
select is((select string_agg(pg_temp.deliver(run, 'post', 1, jsonb_build_object('status', case n when 4 then 503 else 200 end, 'text', true, 'headers', '{"content-type": "application/json"}'::jsonb), null, n::text), ' ' order by n) from sent),
  'recorded recorded recorded recorded', 'three are answered, one is tried again');
select pg_temp.at('30s'), pg_temp.wake();
select is((select pg_temp.deliver(run, 'post', 2, '{"status": 200, "text": true, "headers": {}}') from sent where n = 4), 'recorded', 'half a minute later');
create function pg_temp.found(definition jsonb) returns text language sql as $$
  select coalesce(string_agg(format('%s %s', s.n, b.would_be -> 'differs'), ', ' order by s.n), 'none') from meshhook.backtest('proof', 'flow', definition) b join sent s on s.request = b.request $$;

select is(pg_temp.found(d), 'none', 'the same is the same, though one call was never answered') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,end,with,output}', '"{{ to_string(steps.post.body) }}"')), '1 ["output"], 2 ["output"], 3 ["output"], 4 ["output"]', 'another output') from d;
select is((select b.would_be - 'calls' from d, sent s, meshhook.backtest('proof', 'flow', jsonb_set(d, '{nodes,end,with,output}', '"{{ to_string(steps.post.body) }}"')) b where s.n = 2 and s.request = b.request),
  '{"status": "succeeded", "error": null, "output": "2", "differs": ["output"], "steps": {"post": "succeeded", "slow": "open", "end": "succeeded"}}', 'no less known for what stayed open then too');
select is(pg_temp.found(jsonb_set(d, '{nodes,post,with,url}', '"https://erp.test/{{ trigger.body.n == `2` && ''two'' || to_string(trigger.body.n) }}"')), '2 ["path", "calls", "outcome"]', 'another url for one of them') from d;
select is((select b.would_be -> 'unknown' from d, meshhook.backtest('proof', 'flow', jsonb_set(d, '{nodes,post,with,url}', '"https://erp.test/{{ trigger.body.n == `2` && ''two'' || to_string(trigger.body.n) }}"')) b), '["post", "slow"]', 'nobody knows what would have come of it, nor what the other would have done meanwhile');
select is(pg_temp.found(jsonb_set(d, '{nodes,post,retry,max_attempts}', '1')), '4 ["path", "outcome"]', 'no second try') from d;
select is((select b.would_be -> 'error' from d, meshhook.backtest('proof', 'flow', jsonb_set(d, '{nodes,post,retry,max_attempts}', '1')) b), '"MH_CALL_STATUS"', 'so it fails');
select is(pg_temp.found(jsonb_set(d, '{nodes,end,with,status}', '"failed"')), '1 ["outcome"], 2 ["outcome"], 3 ["outcome"], 4 ["outcome"]', 'another end') from d;
select is(pg_temp.found(d || jsonb_build_object('nodes', d -> 'nodes' || jsonb_build_object('more', pg_temp.node('transform', '{"expr": "trigger.body.n"}')), 'edges', (d -> 'edges' || pg_temp.edges('trigger>more')))),
  '1 ["path"], 2 ["path"], 3 ["path"], 4 ["path"]', 'one more step') from d;
select is(pg_temp.found(d || '{"input": {"schema": {"properties": {"n": {"maximum": 2}}}}}'), '3 ["outcome"], 4 ["outcome"]', 'what would not have been let in') from d;

-- Steered by hand: a retry is nobody's definition; a pause puts the deadline off.
insert into sent select 4 + a.item, a.request_id, a.run_id
from ends e, meshhook_engine.accept(null, 0, array_fill(pg_temp.item(e.id), array[2]), array['{"n": 5}', '{"n": 6}']::bytea[]) a;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 400, "text": true, "headers": {}}'), 'recorded') from sent where n = 5;
select meshhook.retry(run) from sent where n = 5;
select pg_temp.deliver(run, 'post', 2, '{"status": 200, "text": true, "headers": {}}') from sent where n = 5;
select meshhook.pause(run) from sent where n = 6;
select pg_temp.at('3h');
select meshhook.resume(run) from sent where n = 6;
select pg_temp.deliver(run, 'post', 1, '{"status": 200, "text": true, "headers": {}}') from sent where n = 6;
select is((select string_agg(status::text, ' ' order by n) from sent s join meshhook.runs r on r.id = s.run where n > 4), 'succeeded succeeded', 'two more');
select is(pg_temp.found(d || '{"policy": {"deadline": "1h"}}'), '5 ["outcome"]', 'the one that was retried is unknown, the other in time') from d;

-- Runs that were held back: they began later, or never.
select meshhook.publish('proof', 'flow', d || '{"policy": {"concurrency": {"key": "trigger.path", "limit": 1, "on_limit": "queue"}, "deadline": "1h"}}') from d;
insert into sent select 6 + a.item, a.request_id, a.run_id
from ends e, meshhook_engine.accept(null, 0, array_fill(pg_temp.item(e.id), array[3]), array['{"n": 7}', '{"n": 8}', '{"n": 9}']::bytea[]) a;
select pg_temp.wake(), pg_temp.at('10m');
select meshhook.cancel(run) from sent where n = 9;
select pg_temp.deliver(run, 'post', 1, '{"status": 200, "text": true, "headers": {}}') from sent where n = 7;
select pg_temp.wake(), pg_temp.at('20m');
select pg_temp.deliver(run, 'post', 1, '{"status": 200, "text": true, "headers": {}}') from sent where n = 8;
select is((select string_agg(r.status::text, ' ' order by n) from sent s join meshhook.runs r on r.id = s.run where n > 6), 'succeeded succeeded canceled', 'one after the other, one never');
select is(pg_temp.found(d || '{"policy": {"deadline": "1h"}}'), '5 ["outcome"]', 'from where they began, they go the same way') from d;
select is(substring(pg_temp.found(d || '{"policy": {"deadline": "29m"}}') from '8 .*'), '8 ["path", "outcome"]', 'a deadline counts from the start, which was earlier') from d;
select * from finish();
rollback;
