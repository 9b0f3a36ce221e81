-- Waits and calls within a loop: each iteration has its own, by the path of the step.
begin;
select plan(12);
-- with: flow.sql

select meshhook.publish('proof', 'child', '{"apiVersion": "meshhook/v1", "name": "child", "nodes": {"a": {"type": "transform", "with": {"expr": "trigger.body.n * `10`"}}}, "edges": [{"from": "trigger", "to": "a"}]}');
select pg_temp.flow(jsonb_build_object('all', pg_temp.node('each', jsonb_build_object('items', 'trigger.body.list', 'concurrency', 3, 'on_error', 'collect', 'do', jsonb_build_object(
  'nodes', jsonb_build_object('w', pg_temp.node('wait', '{"signal": "go", "key": "item.k", "timeout": "1h"}'), 'c', pg_temp.node('call', '{"workflow": "child", "input": {"n": "{{ steps.w }}"}}')),
  'edges', pg_temp.edges('trigger>w', 'w>c'))))), pg_temp.edges('trigger>all'));
insert into mine select meshhook.start('proof', 'flow', '{"list": [{"k": "a"}, {"k": "b"}, {"k": "a"}]}');
select is((select array_agg(w.step || ' ' || w.key order by w.step) from meshhook.waits w), '{"all[0].w a","all[1].w b","all[2].w a"}', 'each iteration waits for its own key');
select pg_temp.wake();
select is(meshhook.signal('proof', 'go', 'a', '1'), 1, 'one run has two that wait for this');
select is((select array_agg(w.step order by w.step) from meshhook.waits w), '{all[1].w}', 'both have it');
select is((select array_agg(h.step order by h.step) from mine, meshhook.history(run) h where h.type = 'child.started'), '{all[0].c,all[2].c}', 'and call');
select is(pg_temp.deliver(run, 'all[0].c', 0, null), 'recorded') from mine;
select is(pg_temp.deliver(run, 'all[2].c', 0, null), 'recorded') from mine;
select is((select count(distinct r.id) from meshhook.runs r join mine on r.parent_id = run), 2::bigint, 'two runs were called');
select pg_temp.at('1h'), pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'succeeded', 'the third was not sent in time') from mine;
select is((pg_temp.run(run)).output -> 0, '10', 'results') from mine;
select is((pg_temp.run(run)).output -> 2, '10', 'in order') from mine;
select is((pg_temp.run(run)).output #>> '{1,error,code}', 'MH_WAIT_TIMEOUT', 'and what failed') from mine;
select is_empty($$select v.* from mine, meshhook.verify(run) v$$, 'proven');
select * from finish();
rollback;
