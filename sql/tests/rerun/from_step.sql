-- A run is repeated as another one: whole, or from a step with the results before it.
begin;
select plan(35);
-- with: flow.sql

create function pg_temp.requests(id uuid) returns text language sql as $$
  select string_agg(concat_ws(' ', e.step, e.data ->> 'body', e.data ->> 'idempotency_key' = 'mh_' || id || '_' || e.step), ', ' order by e.seq) from meshhook.events e where e.run_id = id and e.type = 'call.scheduled' $$;
select pg_temp.flow(jsonb_build_object('get', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'way', pg_temp.node('branch', '{"cases": [{"port": "big", "when": "steps.get.body > `5`"}], "default": "small"}'),
  'post', pg_temp.node('http_call', '{"url": "http://target.test/", "body": "{{ [trigger.body.n, steps.get.body] }}"}', '{"retry": {"max_attempts": 1}}'), 'no', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'side', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"on_error": "continue"}'), 'end', pg_temp.node('transform', '{"expr": "[steps.get.body, steps.post.body, steps.side.error.code]"}')),
  pg_temp.edges('trigger>get', 'get>way', 'way:big>post', 'way:small>no', 'trigger>side', 'post>end', 'side>end'));
insert into mine select meshhook.start('proof', 'flow', '{"n": 3}', business_key => 'order 3');
select throws_like(format('select meshhook.rerun(%L)', run), 'MH_RUN_OPEN: the run has not ended, it is running', 'not while it runs') from mine;
select pg_temp.deliver(run, 'get', 1, '{"status": 200, "headers": {"content-type": "application/json"}, "text": true}', body => '7') from mine;
select pg_temp.deliver(run, 'side', 1, '{"status": 404}') from mine;
select pg_temp.deliver(run, 'post', 1, '{"status": 404}') from mine;
select is((pg_temp.run(run)).error ->> 'step', 'post', 'it fails at post') from mine;

create temp table again as select meshhook.rerun(run, 'post') as run from mine;
select is(concat_ws(' ', (r).trigger, (r).status, (r).business_key, (r).origin_id = m.run), 'rerun running order 3 t', 'another run, linked') from mine m, again a, pg_temp.run(a.run) r;
select is(pg_temp.types(run), 'run.started segment.decided call.scheduled', 'begins at the step') from again;
select is(pg_temp.requests(run), 'post [3, 7] t', 'with results recorded before, under a key of its own') from again;
select is((select jsonb_object_agg(step, status) from again, meshhook_engine.run_steps_of(run)), '{"get": "succeeded", "way": "succeeded", "post": "running", "no": "skipped", "side": "failed", "end": "ready"}', 'steps');
select is((select output -> 'body' from again, meshhook_engine.run_steps_of(run) where step = 'get'), '7', 'their outputs');
select is_empty($$select v.* from again, meshhook.verify(run) v$$, 'proven');
select is(concat_ws(' ', (r).dead_letter, (r).dismissed - 'at'), jsonb_build_object('by', 'operator', 'rerun', again.run)::text, 'the dead letter is dealt with') from mine m, again, pg_temp.run(m.run) r;
select is((select concat_ws(' ', action, detail) from meshhook.audit_trail t, mine m where t.target = m.run::text), 'run.rerun ' || jsonb_build_object('run', run, 'version', 1, 'from_step', 'post')::text, 'the audit log knows') from again;
select pg_temp.deliver(run, 'post', 1, '{"status": 200, "headers": {"content-type": "application/json"}, "text": true}', body => '8') from again;
select is(concat_ws(' ', (r).status, (r).output -> 'end'), 'succeeded [7, 8, "MH_CALL_STATUS"]', 'to its end') from again, pg_temp.run(run) r;
select is_empty($$select v.* from again, meshhook.verify(run) v$$, 'proven');
select is_empty($$select v.* from mine, meshhook.verify(run) v$$, 'the first one too');

-- Of a rerun, with another input; of one that succeeded; from its beginning.
create temp table third as select meshhook.rerun(run, 'post', '{"n": 4}') as run from again;
select is(pg_temp.requests(run), 'post [4, 7] t', 'another input') from third;
select is((pg_temp.run(third.run)).origin_id, again.run, 'linked to what it repeats') from third, again;
select is_empty($$select v.* from third, meshhook.verify(run) v$$, 'proven');
select meshhook.cancel(run) from third;
create temp table fourth as select meshhook.rerun(run) as run from third;
select is(pg_temp.types(run), 'run.started call.scheduled call.scheduled', 'from its beginning') from fourth;
select is((select e.data #> '{trigger,body}' from fourth, meshhook.events e where e.run_id = run and seq = 1), '{"n": 4}', 'with the input it had');
select is_empty($$select v.* from fourth, meshhook.verify(run) v$$, 'proven');
select pg_temp.deliver(run, 'get', 1, '{"status": 200, "headers": {"content-type": "application/json"}, "text": true}', body => '2') from fourth;
select meshhook.cancel(run) from fourth;
select throws_like(format('select meshhook.rerun(%L, %L)', run, 'post'), 'MH_STEP_NOT_REACHED: %', 'a step that was skipped was not reached') from fourth;
select throws_like(format('select meshhook.rerun(%L, %L)', run, 'end'), 'MH_STEP_NOT_REACHED: %', 'nor one behind what was canceled') from fourth;
create temp table fifth as select meshhook.rerun(run, 'no') as run from fourth;
select is(pg_temp.requests(run), 'side t, no t', 'what was canceled beside it happens too') from fifth;
select is_empty($$select v.* from fifth, meshhook.verify(run) v$$, 'proven');

-- Refused.
select throws_ok(format('select meshhook.rerun(%L, %L)', run, 'nobody'), 'MH404', null, 'a step there is not') from mine;
select throws_ok(format('select meshhook.rerun(%L, version => 99)', run), 'MH404', null, 'a version there is not') from mine;
select throws_ok('select meshhook.rerun(null)', 'MH404', null, 'a run there is not');
select meshhook.disable('proof', 'flow');
select throws_like(format('select meshhook.rerun(%L)', run), 'MH_WORKFLOW_DISABLED: %', 'a disabled workflow starts nothing') from mine;
select meshhook.enable('proof', 'flow');

-- On another version: one step is new, one is another type, one edge more leaves a step that has a result.
select pg_temp.flow(jsonb_build_object('get', pg_temp.node('http_call', '{"url": "http://target.test/2"}'), 'way', pg_temp.node('branch', '{"cases": [{"port": "big", "when": "steps.get.body > `5`"}], "default": "small"}'),
  'post', pg_temp.node('http_call', '{"url": "http://target.test/2", "body": "{{ steps.get.body }}"}'), 'no', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'side', pg_temp.node('transform', '{"expr": "`1`"}'), 'log', pg_temp.node('http_call', '{"url": "http://target.test/log"}')),
  pg_temp.edges('trigger>get', 'get>way', 'get>log', 'way:big>post', 'way:small>no', 'trigger>side'), '{"input": {"schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}}');
create temp table sixth as select meshhook.rerun(run, 'post', version => 2) as run from mine;
select is(pg_temp.requests(run), 'log t, post 7 t', 'goes by the new one') from sixth;
select is((select jsonb_object_agg(step, status) from sixth, meshhook_engine.run_steps_of(run)), '{"get": "succeeded", "way": "succeeded", "post": "running", "no": "skipped", "side": "succeeded", "log": "running"}', 'with the results it knows');
select is_empty($$select v.* from sixth, meshhook.verify(run) v$$, 'proven');
select is((select v.version from sixth, meshhook.run_list l join meshhook.version_list v using (version) where l.id = sixth.run limit 1), 2, 'it is pinned to that');
select throws_ok(format('select meshhook.rerun(%L, null, %L, 2)', run, '{"n": "x"}'), 'MH422', null, 'an input that is not what the version takes') from mine;
create temp table seventh as select meshhook.rerun(run) as run from mine;
select is((select version from meshhook.run_list l, seventh where l.id = run), 1, 'its own version unless said');

-- A start put off that was canceled before.
truncate mine;
insert into mine select meshhook.start('proof', 'flow', '{"n": 5}', delay => '1h');
select meshhook.cancel(run) from mine;
select is(pg_temp.types(meshhook.rerun(run)), 'run.started segment.decided call.scheduled', 'begins at once') from mine;
select throws_ok(format('select meshhook.rerun(%L, %L)', run, 'post'), 'MH409', null, 'it never came anywhere') from mine;
select * from finish();
rollback;
