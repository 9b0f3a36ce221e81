-- A step is gone past with an output that somebody gives.
begin;
select plan(35);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"max_attempts": 1}}'), 'nap', pg_temp.node('delay', '{"for": "1h"}'),
  'end', pg_temp.node('transform', '{"expr": "{post: steps.post, nap: steps.nap}"}')), pg_temp.edges('trigger>post', 'trigger>nap', 'post>end', 'nap>end'), '{"policy": {"deadline": "10h"}}');
insert into mine select pg_temp.start();
select lives_ok(format('select meshhook.skip_step(%L, %L, %L)', run, 'nap', '{"enough": "sleep"}'), 'an open delay') from mine;
select is((select count(*) from meshhook.waits), 0::bigint, 'waits no more');
select is((select concat_ws(' ', type, step, data) from meshhook.events e, mine where e.run_id = run order by seq desc limit 1), 'run.continued nap {"by": "operator", "output": {"enough": "sleep"}}', 'who did it, and what it gives');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select throws_like(format('select meshhook.skip_step(%L, %L)', run, 'nap'), 'MH_STEP_NOT_OPEN: step ''nap'' is not open', 'once') from mine;
select throws_like(format('select meshhook.skip_step(%L, %L)', run, 'end'), 'MH_STEP_NOT_OPEN: %', 'nothing that has not begun') from mine;
select throws_ok(format('select meshhook.skip_step(%L, %L)', run, 'no such step'), 'MH404', null, 'a step there is not') from mine;
select throws_ok(format('select meshhook.skip_step(%L, null)', run), 'MH404', null, 'or none at all') from mine;
select throws_ok(format('select meshhook.skip_step(%L, ''*'')', run), 'MH404', null, 'the asterisk is no step') from mine;
select throws_ok(format('select meshhook.skip_step(%L, %L, to_jsonb(repeat(''x'', 2000000)))', run, 'post'), 'MH400', null, 'an output has its limit') from mine;
select lives_ok(format('select meshhook.skip_step(%L, %L, %L)', run, 'post', '{"body": {"ok": true}}'), 'an open call') from mine;
select is(concat_ws(' ', (r).status, (r).output, pg_temp.queue(run)), 'succeeded {"nap": {"enough": "sleep"}, "post": {"body": {"ok": true}}} nothing', 'later steps read what was given') from mine, pg_temp.run(run) r;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'stale', 'its result comes too late') from mine;
select is((select jsonb_object_agg(step, status) from mine, meshhook_engine.run_steps_of(run)), '{"post": "succeeded", "nap": "succeeded", "end": "succeeded"}', 'steps');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select throws_like(format('select meshhook.skip_step(%L, %L)', run, 'post'), 'MH_RUN_ENDED: %', 'what succeeded has nothing to skip') from mine;

-- The step that failed.
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.deliver(run, 'post', 1, '{"status": 404}') from mine;
select is((pg_temp.run(run)).status::text, 'failed', 'failed') from mine;
select throws_like(format('select meshhook.skip_step(%L, %L)', run, 'nap'), 'MH_STEP_NOT_OPEN: step ''nap'' is not the one that failed', 'what the failure canceled is not what failed') from mine;
select lives_ok(format('select meshhook.skip_step(%L, %L)', run, 'post'), 'the one that failed') from mine;
select is(concat_ws(' ', (r).status, (r).error, (r).dead_letter, (r).deadline_at - current_setting('meshhook.fake_now')::timestamptz, (select array_agg(k) from jsonb_object_keys((r).frontier -> 'open') k)), 'waiting 10:00:00 {nap}', 'it goes on, what was canceled too') from mine, pg_temp.run(run) r;
select is((select array_agg(step) from meshhook.waits), '{nap}', 'and waits');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select pg_temp.at('1h'), pg_temp.wake();
select is(concat_ws(' ', (r).status, (r).output -> 'post'), 'succeeded null', 'to its end, with null as output') from mine, pg_temp.run(run) r;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- A paused run is moved on and stays paused.
truncate mine;
insert into mine select pg_temp.start();
select meshhook.pause(run), meshhook.skip_step(run, 'post') from mine;
select is(concat_ws(' ', (r).status, (r).jobs, pg_temp.queue(run)), 'paused nothing', 'paused') from mine, pg_temp.run(run) r;
select meshhook.skip_step(run, 'nap') from mine;
select is((pg_temp.run(run)).status::text, 'succeeded', 'until nothing is left') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- A branch takes ports.
truncate mine;
select pg_temp.flow(jsonb_build_object('way', pg_temp.node('branch', '{"cases": [{"port": "left", "when": "abs(trigger.body)"}], "default": "right"}'),
  'l', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'r', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>way', 'way:left>l', 'way:right>r'));
insert into mine select pg_temp.start();
select is((pg_temp.run(run)).error ->> 'step', 'way', 'a branch fails') from mine;
select throws_like(format('select meshhook.skip_step(%L, %L, %L)', run, 'way', bad), 'MH_SKIP_PORTS: %', bad || ' is no list of its ports') from mine, unnest(array['"left"', '["up"]', '[1]']) bad;
select lives_ok(format('select meshhook.skip_step(%L, %L, %L)', run, 'way', '["left"]'), 'with a port') from mine;
select is((pg_temp.run(run)).frontier ->> 'n', 'sox', 'one way is taken') from mine;
select is(pg_temp.queue(run), 'available', 'and worked on') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
