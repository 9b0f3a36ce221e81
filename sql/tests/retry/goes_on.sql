-- A failed run goes on at the step that failed, in the same log.
begin;
select plan(33);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"max_attempts": 2, "base": "1m", "jitter": "none"}}'),
  'side', pg_temp.node('http_call', '{"url": "http://target.test/side"}'), 'nap', pg_temp.node('delay', '{"for": "1h"}'), 'end', pg_temp.node('transform', '{"expr": "steps.post.attempts"}')),
  pg_temp.edges('trigger>post', 'trigger>side', 'trigger>nap', 'post>end'), '{"policy": {"deadline": "10h"}}');
insert into mine select pg_temp.start();
select throws_like(format('select meshhook.retry(%L)', run), 'MH_RUN_NOT_FAILED: the run has not failed, it is running', 'what runs is not retried') from mine;
select pg_temp.at('10m'), pg_temp.deliver(run, 'post', 1, '{"status": 503}') from mine;
select pg_temp.at('1m'), pg_temp.wake(), pg_temp.deliver(run, 'post', 2, '{"status": 503}') from mine;
select is(concat_ws(' ', (r).status, pg_temp.queue(run)), 'failed nothing', 'failed for good') from mine, pg_temp.run(run) r;
select is((select concat_ws(' ', workflow, step, error_class, code, attempts) from meshhook.dead_letters, mine where id = run), 'flow post 5xx MH_CALL_STATUS 2', 'it is a dead letter');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select pg_temp.at('4m');
select lives_ok(format('select meshhook.retry(%L)', run), 'retried') from mine;
select is((select concat_ws(' ', type, step, data) from meshhook.events e, mine where e.run_id = run order by seq desc limit 1), 'run.retried post {"by": "operator"}', 'at the step, by whom');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven as it goes on');
select is(concat_ws(' ', (r).status, (r).error, (r).finished_at, (select array_agg(k order by k) from jsonb_object_keys((r).jobs) k), pg_temp.queue(run)), 'running {post,side} available', 'the call is there again, and the one the failure canceled') from mine, pg_temp.run(run) r;
select is((select array_agg(concat_ws(' ', step, w.kind, due_at - current_setting('meshhook.fake_now')::timestamptz)) from meshhook.waits w, mine where run_id = run), '{"nap timer 00:45:00"}', 'the delay goes on where it stood');
select is((pg_temp.run(run)).deadline_at, current_setting('meshhook.fake_now')::timestamptz + interval '10h', 'with a new deadline') from mine;
select is((select count(*) from meshhook.dead_letters, mine where id = run), 0::bigint, 'it is no dead letter any more');
select is((select count(*) from meshhook.audit_trail, mine where target = run::text and action = 'run.retried' and detail = '{"step": "post", "code": "MH_CALL_STATUS"}'), 1::bigint, 'the audit log knows');
create temp table proc as select meshhook_engine.register('one', 'test') as id;
update meshhook_river.river_job set state = 'running', attempted_by = array[(select id from proc)::text];
select is((select array_agg(concat_ws(' ', c ->> 'step', c -> 'attempt', c ->> 'idempotency_key' = 'mh_' || run || '_' || (c ->> 'step')) order by c ->> 'step') from mine, proc, meshhook_engine.begin(id, array(select j.id from meshhook_river.river_job j)) b, jsonb_array_elements(b.calls) c),
  '{"post 3 t","side 1 t"}', 'the next attempt, under the same key');
select is(pg_temp.deliver(run, 'post', 2, '{"status": 200}'), 'stale', 'an attempt of before the failure is over') from mine;
select is(pg_temp.deliver(run, 'post', 3, '{"status": 503}'), 'recorded', 'it fails again') from mine;
select is((pg_temp.run(run)).status::text, 'running', 'all its tries are before it') from mine;
select is((select (data -> 'delay_ms')::int from meshhook.events e, mine where e.run_id = run order by seq desc limit 1), 60000, 'with the first delay');
select pg_temp.at('1m'), pg_temp.wake(), pg_temp.deliver(run, 'post', 4, '{"status": 503}') from mine;
select is((pg_temp.run(run)).status::text, 'failed', 'until they are used up') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select meshhook.retry(run) from mine;
select is(pg_temp.deliver(run, 'side', 1, '{"status": 200}'), 'recorded', 'the call beside') from mine;
select is(pg_temp.deliver(run, 'post', 5, '{"status": 200}'), 'recorded', 'the fifth attempt') from mine;
select pg_temp.at('1h'), pg_temp.wake();
select is(concat_ws(' ', (r).status, (r).output -> 'end'), 'succeeded 5', 'ends it well') from mine, pg_temp.run(run) r;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select throws_like(format('select meshhook.retry(%L)', run), 'MH_RUN_NOT_FAILED: the run has not failed, it is succeeded', 'what succeeded is not retried') from mine;

-- A deadline fails a run as a whole: what was open goes on.
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.at('20h'), pg_temp.wake();
select is((select concat_ws(' ', error_class, code, coalesce(step, 'no step')) from meshhook.dead_letters, mine where id = run), 'deadline MH_DEADLINE no step', 'a deadline');
update meshhook.runs set dismissed = '{"why": "x"}' where id = (select run from mine);
select meshhook.retry(run) from mine;
select is(concat_ws(' ', (select array_agg(k order by k) from jsonb_object_keys((r).frontier -> 'open') k), (r).deadline_at = current_setting('meshhook.fake_now')::timestamptz + interval '10h', (r).dismissed), '{post,side} t', 'goes on with a new one') from mine, pg_temp.run(run) r;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select meshhook.cancel(run) from mine;
select throws_ok(format('select meshhook.retry(%L)', run), 'MH409', null, 'what was canceled is not retried') from mine;
select throws_ok('select meshhook.retry(null)', 'MH404', null, 'nor what is not there');

-- A step that is no call is looked at again, with what stood ready beside it.
truncate mine;
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'bad', pg_temp.node('transform', '{"expr": "abs(steps.a.body)"}'), 'beside', pg_temp.node('transform', '{"expr": "`1`"}')), pg_temp.edges('trigger>a', 'a>bad', 'a>beside'));
insert into mine select pg_temp.start();
select pg_temp.deliver(run, 'a', 1, '{"status": 200}', body => 'x') from mine;
select is((select concat_ws(' ', step, error_class) from meshhook.dead_letters, mine where id = run), 'bad data', 'an expression fails');
select meshhook.retry(run) from mine;
select is(concat_ws(' ', (r).frontier -> 'rest', (r).jobs ? '*'), '[2, 3] t', 'it is tried by whoever comes') from mine, pg_temp.run(run) r;
select is((select d.verdict || ' ' || d.status from mine, meshhook_engine.deliver(null, 0, array[jsonb_build_object('run', run, 'step', '*', 'attempt', 0, 'kind', 'timer')], array[null::bytea]) d), 'recorded failed', 'and fails as before');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
