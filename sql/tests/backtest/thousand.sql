-- A thousand recorded requests, and a branch that is changed: exactly the runs that would go another way are named, and how.
begin;
select plan(18);
-- with: flow.sql
-- with: door.sql

create temp table d as select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', jsonb_build_object(
    'shape', pg_temp.node('transform', '{"expr": "{n: trigger.body.n}"}'),
    'big', pg_temp.node('branch', '{"cases": [{"port": "large", "when": "steps.shape.n > `500`"}], "default": "small"}'),
    'post', pg_temp.node('http_call', '{"url": "https://erp.test/{{ steps.shape.n }}"}', '{"retry": {"base": "10s"}}'),
    'end', pg_temp.node('terminate', '{"output": "{{ steps.post.body }}"}')),
  'edges', pg_temp.edges('trigger>shape', 'shape>big', 'big:large>post', 'big:small>end', 'post>end')) as d;
select meshhook.publish('proof', 'flow', d) from d;
select meshhook.publish('proof', 'other', jsonb_set(d, '{name}', '"other"')) from d;
insert into ends select name, pg_temp.endpoint(name) from unnest(array['flow', 'other']) name;
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, true from ends e join meshhook.workflows w using (name);
-- Another workflow's requests, and this one's runs by hand, are not asked.
select count(*) from ends e, meshhook_engine.accept(null, 0, array_fill(pg_temp.item(e.id), array[5]), array_fill('{"n": 502}'::bytea, array[5])) a where e.name = 'other';
select meshhook.start('proof', 'flow', '{"n": 502}');
create temp table sent (n int, request uuid, run uuid);
insert into sent select g.n * 100 + a.item, a.request_id, a.run_id
from generate_series(0, 9) g(n), ends e, lateral meshhook_engine.accept(null, 0, array_fill(pg_temp.item(e.id), array[100]),
  (select array_agg(convert_to(format('{"n": %s}', g.n * 100 + i), 'UTF8') order by i) from generate_series(1, 100) i)) a
where e.name = 'flow';
select is((select count(*) from sent), 1000::bigint, 'a thousand requests');
-- Every tenth call fails at first, and is tried again after a drawn delay; every call says something of its own.
create function pg_temp.answer(attempt int, wanted text) returns bigint language sql as $$
  select count(*) from (select array_agg(jsonb_build_object('run', s.run, 'step', 'post', 'attempt', attempt, 'kind', 'call', 'url', 'https://erp.test/',
      'response', jsonb_build_object('status', case when s.n % 10 = 0 and attempt = 1 then 503 else 200 end, 'text', true, 'headers', '{"content-type": "application/json"}'::jsonb)) order by s.n) as results,
    array_agg(convert_to(s.n::text, 'UTF8') order by s.n) as bodies
    from sent s join meshhook.runs r on r.id = s.run where r.frontier #>> '{open,post,a}' = attempt::text) x,
  meshhook_engine.deliver(null, 0, x.results, x.bodies) d where d.status = wanted $$;
select is(pg_temp.answer(1, 'succeeded'), 450::bigint, 'most calls are answered at once');
select pg_temp.at('30s'), meshhook_engine.wake(null, 1000);
select is(pg_temp.answer(2, 'succeeded'), 50::bigint, 'fifty the second time');
select is((select count(*) from sent s join meshhook.runs r on r.id = s.run where r.status = 'succeeded'), 1000::bigint, 'all have ended');

create temp table got (n int, was jsonb, would_be jsonb);
create function pg_temp.against(definition jsonb) returns bigint language sql as $$
  truncate got;
  insert into got select s.n, b.was, b.would_be from meshhook.backtest('proof', 'flow', definition) b join sent s on s.request = b.request;
  select count(*) from got $$;

select is(pg_temp.against(d), 0::bigint, 'nothing would be otherwise with the same definition, draws and moments included') from d;

select is(pg_temp.against(jsonb_set(d, '{nodes,big,with,cases,0,when}', '"steps.shape.n > `510`"')), 10::bigint, 'the branch moved up: ten runs') from d;
select is((select array_agg(n order by n) from got), array(select generate_series(501, 510)), 'exactly these');
select is((select array_agg(distinct would_be -> 'differs') from got), array['["path", "calls", "output"]']::jsonb[], 'in these');
select is((select was - 'run' - 'calls' from got where n = 505), '{"status": "succeeded", "error": null, "output": 505, "steps": {"shape": "succeeded", "big": ["large"], "post": "succeeded", "end": "succeeded"}}', 'so it was');
select is((select would_be from got where n = 505), '{"status": "succeeded", "error": null, "output": null, "calls": {}, "steps": {"shape": "succeeded", "big": ["small"], "end": "succeeded"}, "differs": ["path", "calls", "output"]}', 'and so it would be');
select is((select (was ->> 'run')::uuid from got where n = 505), (select run from sent where n = 505), 'the run is named');
select is((select was -> 'calls' -> 'post' from got where n = 505), (select e.data -> 'hash' from sent s join meshhook.events e on e.run_id = s.run and e.type = 'call.scheduled' where s.n = 505), 'and its request by its hash');

select is(pg_temp.against(jsonb_set(d, '{nodes,big,with,cases,0,when}', '"steps.shape.n > `495`"')), 5::bigint, 'moved down: five runs that would call') from d;
select is((select array_agg(n order by n) from got), array(select generate_series(496, 500)), 'exactly these');
select is((select array_agg(distinct would_be - 'calls') from got),
  array['{"status": "unknown", "error": null, "output": null, "unknown": ["post"], "differs": ["path", "calls", "outcome"], "steps": {"shape": "succeeded", "big": ["large"], "post": "open"}}']::jsonb[], 'what was never asked is unknown');

-- The draft, unless told otherwise; and a window.

create temp table saved as select meshhook.save_draft('proof', 'flow', jsonb_set(d, '{nodes,big,with,cases,0,when}', '"steps.shape.n > `999`"')) from d;
select is((select count(*) from meshhook.backtest('proof', 'flow')), 499::bigint, 'the draft is asked');
select pg_temp.at('2h');
select is((select count(*) from meshhook.backtest('proof', 'flow', since => '1 hour')), 0::bigint, 'of the time that is asked for');

-- The window is a range of an index.
analyze meshhook.runs;
create function pg_temp.plan_of(statement text) returns setof text language plpgsql as $$
begin
  return query execute 'explain (costs off) ' || statement;
end $$;
select ok(bool_or(l ~ 'Index Cond: \(\(workflow_id = \d+\) AND \(id >= '), 'read by its index')
from meshhook.workflows w, pg_temp.plan_of(format('select * from meshhook_engine.backtest_runs(%s, meshhook_engine.uuid_floor(now() - interval ''7 days''))', w.id)) l where w.name = 'other';
select * from finish();
rollback;
