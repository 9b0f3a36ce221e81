-- Many runs at once: filters, rates, limits.
begin;
select plan(37);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"max_attempts": 1}}')), pg_temp.edges('trigger>post'));
select meshhook.publish('proof', 'other', '{"apiVersion": "meshhook/v1", "name": "other", "nodes": {"post": {"type": "http_call", "with": {"url": "http://target.test/"}, "retry": {"max_attempts": 1}}}, "edges": [{"from": "trigger", "to": "post"}]}');
create temp table six as select n, pg_temp.at('1s') as at, meshhook.start('proof', case when n > 4 then 'other' else 'flow' end) as run from generate_series(1, 6) n;
create function pg_temp.states() returns text language sql as $$ select string_agg(left((pg_temp.run(run)).status::text, 1), '' order by n) from six $$;
create function pg_temp.fail_all() returns bigint language sql as $$
  select count(*) from six, pg_temp.run(run) r, meshhook_engine.deliver(null, 0, array[jsonb_build_object('run', run, 'step', 'post', 'attempt', r.frontier #> '{open,post,a}', 'kind', 'call', 'response', jsonb_build_object('status', case when n = 2 then 500 else 404 end))], array[null::bytea]) d where r.finished_at is null $$;
-- pausing and resuming
select is(meshhook.pause_all('proof', 'flow', reason => 'no ERP'), 4, 'all runs of a workflow are paused');
select is(pg_temp.states(), 'pppprr', 'and no others');
select is(meshhook.pause_all('proof', 'flow'), 0, 'once');
select is(meshhook.resume_all('proof', runs => array(select run from six where n = 1)), 1, 'one that is listed goes on');
select is(meshhook.resume_all('proof', 'other'), 0, 'there are no others to resume');
select is(meshhook.resume_all('proof', per_second => 0.5), 3, 'the rest, one every two seconds');
select is((select array_agg(extract(epoch from w.due_at - current_setting('meshhook.fake_now')::timestamptz)::int order by n) from six left join meshhook.waits w on w.run_id = run), '{NULL,NULL,2,4,NULL,NULL}', 'the first at once');
select is(pg_temp.states(), 'rrwwrr', 'others wait');
select is_empty($$select v.* from six, meshhook.verify(run) v$$, 'proven');
select pg_temp.at('4s'), pg_temp.wake();
select is(pg_temp.states(), 'rrrrrr', 'their time comes');
-- dead letters
select is(pg_temp.fail_all(), 6::bigint, 'all fail');
select is(meshhook.retry_all('proof', error_class => '5xx'), 1, 'by class');
select is(meshhook.retry_all('proof', 'other', most => 1), 1, 'by workflow, at most so many');
select is(pg_temp.states(), 'frffrf', 'the oldest first');
select is(meshhook.retry_all('proof', fingerprint => (select fingerprint from meshhook.dead_letters where workflow = 'flow' limit 1), since => current_setting('meshhook.fake_now')::timestamptz + interval '1s'), 0, 'by time');
select is(meshhook.retry_all('proof', fingerprint => (select fingerprint from meshhook.dead_letters where workflow = 'flow' limit 1), per_second => 2), 3, 'by what they have in common');
select is((select array_agg(extract(epoch from w.due_at - current_setting('meshhook.fake_now')::timestamptz) order by n) from six join meshhook.waits w on w.run_id = run), '{0.5,1}', 'two a second');
select is_empty($$select v.* from six, meshhook.verify(run) v$$, 'proven');
select pg_temp.at('1s'), pg_temp.wake();
select is(pg_temp.states(), 'rrrrrf', 'all but one go on');
select pg_temp.fail_all();
select is(meshhook.rerun_all('proof', 'other', per_second => 1), 2, 'rerun');
select is((select array_agg(coalesce(extract(epoch from r.wake_at - current_setting('meshhook.fake_now')::timestamptz), 0) order by n) from six join meshhook.runs r on r.origin_id = run), '{0,1}', 'one a second');
select is((select count(*) from meshhook.dead_letters where project = 'proof'), 4::bigint, 'dealt with');
select pg_temp.at('1s'), pg_temp.wake();
select is((select array_agg(pg_temp.types(r.id) order by n) from six join meshhook.runs r on r.origin_id = run), '{"run.started call.scheduled","run.started timer.fired call.scheduled"}', 'they begin');
select is_empty($$select v.* from meshhook.runs r, meshhook.verify(r.id) v where r.trigger = 'rerun'$$, 'proven');
select is(meshhook.dismiss_all('proof', 'not worth it', 'flow', most => 3), 3, 'dismissed');
select is(meshhook.retry_all('proof', per_second => null), 1, 'without a rate at once');
select is((select count(*) from meshhook.waits), 0::bigint, 'indeed');
select is(meshhook.cancel_all('proof', reason => 'enough'), 3, 'canceled');
select is((select count(*) from meshhook.runs where finished_at is null), 0::bigint, 'all that were open');
select is((select count(*) from meshhook.audit_trail where project = 'proof' and action = 'run.canceled'), 3::bigint, 'each in the audit log');
select throws_ok(format('select meshhook.retry_all(%L, per_second => %L)', 'proof', bad), 'MH400', null, bad || ' is no rate') from unnest(array['0', '-1', 'NaN']) bad;
select throws_ok('select meshhook.retry_all(''proof'', most => 0)', 'MH400', null, 'nothing is not many');
select throws_ok('select meshhook.cancel_all(''proof'', ''nothing'')', 'MH404', null, 'a workflow there is not');
select throws_ok('select meshhook.pause_all(null)', 'MH404', null, 'a project there is not');
select is(meshhook.dismiss_all('proof', 'x'), 0, 'nothing is left');
select * from finish();
rollback;
