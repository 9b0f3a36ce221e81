-- Runs that call others in a backtest: what the called run came to then, it comes to again.
begin;
select plan(6);
-- with: flow.sql
-- with: door.sql

create temp table d as select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', jsonb_build_object(
    'sub', pg_temp.node('call', '{"workflow": "child", "input": {"n": "{{ trigger.body.n }}"}}'), 'end', pg_temp.node('terminate', '{"output": "{{ steps.sub }}"}')),
  'edges', pg_temp.edges('trigger>sub', 'sub>end')) as d;
select meshhook.publish('proof', 'child', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'child', 'nodes', jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.n * `2`"}')), 'edges', pg_temp.edges('trigger>a')));
select meshhook.publish('proof', 'flow', d) from d;
insert into ends select 'flow', pg_temp.endpoint('flow');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, true from ends e, meshhook.workflows w where w.name = 'flow';
create temp table sent as select a.item as n, a.request_id as request, a.run_id as run
from ends e, meshhook_engine.accept(null, 0, array_fill(pg_temp.item(e.id), array[2]), array['{"n": 1}', '{"n": 2}']::bytea[]) a;
select pg_temp.deliver(run, 'sub', 0, null) from sent;
select pg_temp.wake();
create function pg_temp.found(definition jsonb) returns text language sql as $$
  select coalesce(string_agg(format('%s %s%s', s.n, b.would_be -> 'differs', b.would_be -> 'unknown'), ', ' order by s.n), 'none') from meshhook.backtest('proof', 'flow', definition) b join sent s on s.request = b.request $$;

select is((select array_agg(r.output order by s.n) from sent s join meshhook.runs r on r.id = s.run), array['2', '4']::jsonb[], 'two runs called two others');
select is(pg_temp.found(d), 'none', 'the same comes again') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,end,with,output}', '"{{ steps.sub + `1` }}"')), '1 ["output"], 2 ["output"]', 'what is made of it differs') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,sub,with,input}', '{"n": 1}')), '2 ["path", "outcome"]["sub"]', 'another input was never given') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,sub,with,workflow}', '"other"')), '1 ["path", "outcome"]["sub"], 2 ["path", "outcome"]["sub"]', 'another workflow was never called') from d;
select is(pg_temp.found(jsonb_set(jsonb_set(d, '{nodes,first}', pg_temp.node('transform', '{"expr": "`1`"}')), '{edges}', pg_temp.edges('trigger>first', 'first>sub', 'sub>end'))), '1 ["path"], 2 ["path"]', 'a step before it changes nothing about the call') from d;
select * from finish();
rollback;
