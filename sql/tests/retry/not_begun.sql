-- A run that failed before it began: put off, or held back by its workflow's policy.
begin;
select plan(8);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>a'), '{"policy": {"deadline": "60s", "concurrency": {"key": "trigger.body.n", "limit": 1}}}');
insert into mine select meshhook.start('proof', 'flow', '{"n": 1}', delay => '1h');
select pg_temp.at('2m'), pg_temp.wake();
select is((pg_temp.run(run)).error ->> 'code', 'MH_DEADLINE', 'put off beyond its deadline') from mine;
select meshhook.retry(run) from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select pg_temp.at('30s'), pg_temp.wake();
select is(concat_ws(' ', (r).status, pg_temp.types(run)), 'running run.started run.failed run.retried timer.fired call.scheduled', 'it begins') from mine, pg_temp.run(run) r;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select meshhook.cancel(run) from mine;
truncate mine;
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>a'), '{"policy": {"concurrency": {"key": "abs(trigger.body.n)", "limit": 1}}}');
insert into mine select meshhook.start('proof', 'flow', '{"n": "x"}');
select pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'failed', 'a key that cannot be worked out') from mine;
select meshhook.retry(run), pg_temp.wake() from mine;
select is((pg_temp.run(run)).status::text, 'running', 'retried, it is held back no more') from mine;
select is((pg_temp.run(run)).jobs ? 'a', true, 'and worked on') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
