-- Joins and dead paths.
begin;
select plan(13);
-- with: flow.sql

create function pg_temp.steps(id uuid) returns jsonb language sql as $$ select jsonb_object_agg(s.step, s.status) from meshhook_engine.run_steps_of(id) s $$;
-- A diamond around a branch: the path not taken is dead, the join goes on with the other.
select pg_temp.flow(jsonb_build_object(
  'way', pg_temp.node('branch', '{"cases": [{"port": "high", "when": "trigger.body.n > `5`"}], "default": "low"}'),
  'high', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'after', pg_temp.node('transform', '{"expr": "`1`"}'), 'low', pg_temp.node('transform', '{"expr": "''low''"}'),
  'join', pg_temp.node('transform', '{"expr": "[input, steps.after]"}')),
  pg_temp.edges('trigger>way', 'way:high>high', 'high>after', 'way:low>low', 'after>join', 'low>join'));
insert into mine select pg_temp.start();
select is((pg_temp.run(run)).output, '["low", null]', 'the join sees the path taken') from mine;
select is(pg_temp.steps(run), '{"way": "succeeded", "high": "skipped", "after": "skipped", "low": "succeeded", "join": "succeeded"}', 'the dead path is skipped to its end') from mine;

-- all waits for both, any for the first, once.
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'b', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'all', pg_temp.node('transform', '{"expr": "input.status"}'), 'any', pg_temp.node('transform', '{"expr": "input.status"}', '{"join": "any"}')),
  pg_temp.edges('trigger>a', 'trigger>b', 'a>all', 'b>all', 'a>any', 'b>any'));
truncate mine;
insert into mine select pg_temp.start();
select is(pg_temp.deliver(run, 'b', 1, '{"status": 202}'), 'recorded', 'b first') from mine;
select is(pg_temp.steps(run), '{"a": "running", "b": "succeeded", "all": "ready", "any": "succeeded"}', 'any has run, all waits') from mine;
select is(pg_temp.deliver(run, 'a', 1, '{"status": 201}'), 'recorded', 'then a') from mine;
select is((pg_temp.run(run)).output, '{"all": 201, "any": 202}', 'all takes its first edge, any what came first') from mine;
select is(pg_temp.types(run), 'run.started call.scheduled call.scheduled call.attempted call.succeeded segment.decided call.attempted call.succeeded segment.decided run.succeeded', 'each ran once') from mine;

-- A node all of whose ways are dead is skipped, and so are those behind it; the run ends all the same.
select pg_temp.flow(jsonb_build_object('way', pg_temp.node('branch', '{"cases": [{"port": "never", "when": "`false`"}]}'), 'a', pg_temp.node('transform', '{"expr": "`1`"}'),
  'b', pg_temp.node('transform', '{"expr": "`2`"}', '{"join": "any"}'), 'end', pg_temp.node('terminate', '{"status": "failed"}')),
  pg_temp.edges('trigger>way', 'way:never>a', 'a>b', 'way:error>b', 'b>end'));
truncate mine;
insert into mine select pg_temp.start();
select is((pg_temp.run(run)).status::text, 'succeeded', 'a run that took no way has succeeded') from mine;
select is(pg_temp.steps(run), '{"way": "succeeded", "a": "skipped", "b": "skipped", "end": "skipped"}', 'all behind it is skipped') from mine;

-- terminate ends the run at once.
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'b', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'end', pg_temp.node('terminate', '{"status": "canceled", "output": {"n": "{{ trigger.body.n }}"}, "reason": "n is {{ trigger.body.n }}"}')), pg_temp.edges('trigger>a', 'trigger>b', 'a>end'));
truncate mine;
insert into mine select pg_temp.start();
select is(pg_temp.deliver(run, 'a', 1, '{"status": 200}'), 'recorded', 'one of two calls') from mine;
select is((pg_temp.run(run)).status::text, 'canceled', 'ends the run as the node says') from mine;
select is(jsonb_build_array((pg_temp.run(run)).output, (pg_temp.run(run)).error ->> 'message'), '[{"n": 3}, "n is 3"]', 'output and reason') from mine;
select is(pg_temp.queue(run), 'nothing', 'nothing is left in the queue') from mine;
select * from finish();
rollback;
