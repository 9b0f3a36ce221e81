-- Where a run stood after each of its events.
begin;
select plan(7);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.n"}'), 'post', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'b', pg_temp.node('transform', '{"expr": "steps.post.status"}')), pg_temp.edges('trigger>a', 'a>post', 'post>b'));
insert into mine select pg_temp.start();
select is(meshhook.state_at(run, 3) -> 'frontier', (pg_temp.run(run)).frontier, 'as the snapshot says now') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'recorded') from mine;
select is((select array_agg(meshhook.state_at(run, n) ->> 'status' order by n) from mine, generate_series(0, 8) n),
  '{running,running,running,running,succeeded,succeeded,succeeded,succeeded,succeeded}', 'status by status');
select is(meshhook.state_at(run, 3) -> 'steps', '{"a": 3}', 'outputs so far') from mine;
select is(meshhook.state_at(run, 7) - 'frontier', jsonb_build_object('seq', 7, 'status', 'succeeded', 'output', 200, 'error', null, 'steps',
  jsonb_build_object('a', 3, 'b', 200, 'post', '{"status": 200, "headers": {}, "body": null, "attempts": 1, "duration_ms": 0}'::jsonb)), 'and at the end') from mine;
select is(meshhook.state_at(run, 99), meshhook.state_at(run, 7), 'past the end is the end') from mine;
select throws_ok($$select meshhook.state_at('00000000-0000-7000-8000-000000000000', 1)$$, 'MH404', null, 'a run there is not');
select * from finish();
rollback;
