-- Signals and timeouts in a backtest: what came then comes again; what nobody waited for then is unknown.
begin;
select plan(12);
-- with: flow.sql
-- with: door.sql

create temp table d as select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', jsonb_build_object(
    'wait', pg_temp.node('wait', '{"signal": "paid", "key": "trigger.body.n", "timeout": "1h"}'), 'late', pg_temp.node('transform', '{"expr": "''late''"}'),
    'end', pg_temp.node('terminate', '{"output": ["{{ steps.wait }}", "{{ steps.late }}"]}')),
  'edges', pg_temp.edges('trigger>wait', 'wait>end', 'wait:timeout>late', 'late>end')) as d;
select meshhook.publish('proof', 'flow', d) from d;
insert into ends select 'flow', pg_temp.endpoint('flow');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, true from ends e, meshhook.workflows w;
create temp table sent as select a.item as n, a.request_id as request, a.run_id as run
from ends e, meshhook_engine.accept(null, 0, array_fill(pg_temp.item(e.id), array[2]), array['{"n": 1}', '{"n": 2}']::bytea[]) a;
select pg_temp.at('10m');
select is(meshhook.signal('proof', 'paid', '1', '{"by": "card"}'), 1, 'one is signaled');
select pg_temp.at('51m'), pg_temp.wake();
select is((select string_agg(r.output::text, ' ' order by s.n) ~ '^\[\{"by": "card"\}, null\] \[\{"woke_at".*\}, "late"\]$' from sent s join meshhook.runs r on r.id = s.run), true, 'the other times out');
create function pg_temp.found(definition jsonb) returns text language sql as $$
  select coalesce(string_agg(format('%s %s%s', s.n, b.would_be -> 'differs', b.would_be -> 'unknown'), ', ' order by s.n), 'none') from meshhook.backtest('proof', 'flow', definition) b join sent s on s.request = b.request $$;

select is(pg_temp.found(d), 'none', 'both come again') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,wait,with,timeout}', '"5m"')), '1 ["path", "output"], 2 ["output"]', 'a shorter timeout: the signal comes too late, the other wakes earlier') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,wait,with,timeout}', '"2h"')), '2 ["path", "outcome"]["wait"]', 'a longer one: nobody knows what would have come') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,wait,with,timeout}', '"30d"')), '2 ["path", "outcome"]["wait"]', 'a month') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,wait,with,signal}', '"settled"')), '1 ["path", "outcome"]["wait"], 2 ["path", "outcome"]["wait"]', 'another signal') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,wait,with,key}', '"to_string(trigger.body.n)"')), 'none', 'the same key by another expression') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,wait,with,key}', '"''x''"')), '1 ["path", "outcome"]["wait"], 2 ["path", "outcome"]["wait"]', 'another key') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,late,with,expr}', '"''too late''"')), '2 ["output"]', 'what follows the timeout') from d;
select is(pg_temp.found(d || '{"policy": {"deadline": "5m"}}'), '1 ["path", "outcome", "output"], 2 ["path", "outcome", "output"]', 'a deadline before either') from d;
select is((select count(*) from sent s, meshhook.verify(s.run)), 0::bigint, 'proven');
select * from finish();
rollback;
