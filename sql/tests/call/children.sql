-- A run calls another: it waits for its end, has its output or its error; the called run is a run like any other.
begin;
select plan(60);
-- with: flow.sql

create function pg_temp.child(nodes jsonb, edges jsonb, more jsonb default '{}') returns int language sql as $$
  select meshhook.publish('proof', 'child', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'child', 'nodes', nodes, 'edges', edges) || more) $$;
create function pg_temp.kid(parent uuid) returns uuid language sql as $$ select r.id from meshhook.runs r where r.parent_id = parent order by r.finished_at is null desc, r.id desc limit 1 $$;
create function pg_temp.go(run uuid, step text) returns text language sql as $$ select pg_temp.deliver(run, step, 0, null) $$;
select pg_temp.child(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "{twice: trigger.body.n * `2`, by: trigger.parent.step}"}')), pg_temp.edges('trigger>a'));
select pg_temp.flow(jsonb_build_object(
  'sub', pg_temp.node('call', '{"workflow": "child", "input": {"n": "{{ trigger.body.n }}"}}'), 'end', pg_temp.node('transform', '{"expr": "steps.sub"}'), 'no', pg_temp.node('transform', '{"expr": "steps.sub.error"}')),
  pg_temp.edges('trigger>sub', 'sub>end', 'sub:error>no'));

-- Pure: made and ended in one commit.
insert into mine select pg_temp.start();
select is((pg_temp.run(run)).status::text || ' ' || pg_temp.types(run) || ' ' || pg_temp.queue(run), 'running run.started child.started available', 'opened, and somebody''s work') from mine;
select is((select e.data - 'run' from mine join meshhook.events e on e.run_id = run and e.seq = 2), '{"workflow": "child", "version": "latest", "wait": true, "input": {"n": 3}}', 'what is called');
select is_empty($$select from meshhook.runs r where r.parent_id is not null$$, 'nothing is made before');
select is(pg_temp.go(run, 'sub'), 'recorded', 'a worker takes it') from mine;
select is((pg_temp.run(run)).output, '{"end": {"twice": 6, "by": "sub"}}', 'the output of the called run is that of the step') from mine;
select is(pg_temp.types(run), 'run.started child.started child.finished segment.decided run.succeeded', 'the log') from mine;
select is((select e.data ->> 'run' from mine join meshhook.events e on e.run_id = run and e.seq = 2), pg_temp.kid(run)::text, 'it has the id that was said') from mine;
select ok(pg_temp.kid(run) > run, 'which comes after its caller''s') from mine;
select results_eq(format('select workflow, status::text, trigger, parent_id from meshhook.run_list where id = %L', pg_temp.kid(run)), format($$values ('child', 'succeeded', 'call', %L::uuid)$$, run), 'a run like any other') from mine;
select is((select h.summary from meshhook.history(pg_temp.kid(run)) h where h.seq = 1), format('version 1 of child, by run %s', run), 'that knows its caller') from mine;
select is((select string_agg(h.summary, '; ' order by h.seq) from meshhook.history(run) h where h.seq in (2, 3)), format('child as run %s; run %s succeeded', pg_temp.kid(run), pg_temp.kid(run)), 'in words') from mine;
select is_empty($$select v.* from mine, lateral (select run union all select pg_temp.kid(run)) r(id), meshhook.verify(r.id) v$$, 'both proven');

-- One that takes its time.
select pg_temp.child(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'end', pg_temp.node('transform', '{"expr": "steps.post.body"}')), pg_temp.edges('trigger>post', 'post>end'));
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.go(run, 'sub') from mine;
select is((pg_temp.run(run)).status::text || ' ' || pg_temp.queue(run) || ' ' || pg_temp.queue(pg_temp.kid(run)), 'waiting nothing available', 'the called run works, the caller waits') from mine;
select is((select s.status from meshhook.run_steps s where s.run_id = run and s.step = 'sub'), 'waiting', 'as a step') from mine;
select is((select w.kind || ' ' || w.key || ' ' || w.due_at from meshhook.waits w), 'child ' || pg_temp.kid(run) || ' infinity', 'for that run') from mine;
select is(meshhook.requeue(), 0, 'there is nothing to be put right');
select is(pg_temp.deliver(pg_temp.kid(run), 'post', 1, '{"status": 200, "headers": {"content-type": "application/json"}, "text": true}', null, '{"x": 1}'), 'recorded', 'its call is answered') from mine;
select is((pg_temp.run(run)).status::text || ' ' || pg_temp.queue(run), 'running available', 'its end brings the caller up, in the same commit') from mine;
select is((select count(*) from meshhook.waits), 0::bigint, 'which waits no more');
select is(pg_temp.go(run, 'sub'), 'recorded') from mine;
select is((pg_temp.run(run)).output, '{"end": {"x": 1}}', 'and has the output') from mine;
select is(pg_temp.go(run, 'sub'), 'stale', 'once') from mine;
select is_empty($$select v.* from mine, lateral (select run union all select pg_temp.kid(run)) r(id), meshhook.verify(r.id) v$$, 'both proven');

-- The caller is locked by somebody while the called run ends: the wait is made due (as hand_over does), wake brings it up.
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.go(run, 'sub') from mine;
select pg_temp.deliver(pg_temp.kid(run), 'post', 1, '{"status": 200}') from mine;
delete from meshhook_river.river_job j using mine where j.args ->> 'run_id' = run::text;
update meshhook.runs r set jobs = null, status = 'waiting' from mine where r.id = run;
insert into meshhook.waits (run_id, step, kind, key, due_at, project_id) select run, 'sub', 'child', pg_temp.kid(run), current_setting('meshhook.fake_now')::timestamptz, (pg_temp.run(run)).project_id from mine;
select pg_temp.wake();
select is(pg_temp.queue(run), 'available', 'brought up by wake') from mine;
select is(pg_temp.go(run, 'sub'), 'recorded') from mine;
select is((pg_temp.run(run)).status::text, 'succeeded', 'and on') from mine;
select is_empty($$select v.* from mine, meshhook.verify(run) v$$, 'proven');
-- Lost from everywhere: requeue finds it.
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.go(run, 'sub') from mine;
delete from meshhook.waits;
select is(meshhook.requeue(), 1, 'a lost wait');
select pg_temp.go(run, 'sub') from mine;
select is((select w.kind from meshhook.waits w), 'child', 'the called run goes on, so it waits again');
select is((select count(*) from meshhook.runs r join mine on r.parent_id = run), 1::bigint, 'no second one is made');

-- Its failure is the step's error.
select pg_temp.deliver(pg_temp.kid(run), 'post', 1, '{"status": 404}') from mine;
select pg_temp.go(run, 'sub') from mine;
select is((pg_temp.run(run)).output #> '{no}' #- '{cause,message}', jsonb_build_object('code', 'MH_CHILD_FAILED', 'message', format('Run %s of child failed: the target answered 404', pg_temp.kid(run)), 'run', pg_temp.kid(run), 'step', 'sub',
  'cause', '{"code": "MH_CALL_STATUS", "class": "4xx", "status": 404, "attempts": 1, "step": "post"}'::jsonb), 'with what it failed of') from mine;
select is_empty($$select v.* from mine, lateral (select run union all select pg_temp.kid(run)) r(id), meshhook.verify(r.id) v$$, 'both proven');
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.go(run, 'sub') from mine;
select meshhook.cancel(pg_temp.kid(run), 'not wanted') from mine;
select pg_temp.go(run, 'sub') from mine;
select is((pg_temp.run(run)).output #>> '{no,code}', 'MH_CHILD_CANCELED', 'canceled by somebody') from mine;
select is_empty($$select v.* from mine, lateral (select run union all select pg_temp.kid(run)) r(id), meshhook.verify(r.id) v$$, 'both proven');

-- The end of the caller, and of its caller.
select pg_temp.flow(jsonb_build_object('sub', pg_temp.node('call', '{"workflow": "middle"}'), 'more', pg_temp.node('call', '{"workflow": "child", "wait": false}')), pg_temp.edges('trigger>sub', 'trigger>more'));
select meshhook.publish('proof', 'middle', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'middle', 'nodes', jsonb_build_object('in', pg_temp.node('call', '{"workflow": "child"}')), 'edges', pg_temp.edges('trigger>in')));
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.go(run, 'more') from mine;
select is((select s.output from meshhook.run_steps s where s.run_id = run and s.step = 'more'), to_jsonb(pg_temp.kid(run)), 'without waiting the output is the run''s id') from mine;
select is((pg_temp.run(pg_temp.kid(run))).status::text, 'running', 'which goes on by itself') from mine;
create temp table free as select pg_temp.kid(run) as run from mine;
select pg_temp.go(run, 'sub') from mine;
create temp table middle as select r.id as run from meshhook.runs r join meshhook.workflows w on w.id = r.workflow_id where w.name = 'middle';
select pg_temp.go(run, 'in') from middle;
select is((select count(*) from meshhook.runs r join middle on r.parent_id = run), 1::bigint, 'three deep');
select meshhook.cancel(run) from mine;
select is((select array_agg(a.run_id) from meshhook.abandoned_runs a), (select array_agg(run) from middle), 'what it waited for is left behind');
select pg_temp.wake();
select is((pg_temp.run(run)).error - 'message', '{"code": "MH_PARENT_ENDED", "by": "engine"}', 'and canceled') from middle;
select pg_temp.wake();
select is((select r.status::text from meshhook.runs r join middle on r.parent_id = run), 'canceled', 'down to the last');
select is((select count(*) from meshhook.abandoned_runs), 0::bigint, 'nothing is left');
select is((pg_temp.run(run)).status::text, 'running', 'what it did not wait for goes on') from free;
select is_empty($$select v.* from meshhook.runs r, meshhook.verify(r.id) v$$, 'all proven');

-- A step that is gone past.
select pg_temp.flow(jsonb_build_object('sub', pg_temp.node('call', '{"workflow": "child"}'), 'end', pg_temp.node('transform', '{"expr": "steps.sub"}')), pg_temp.edges('trigger>sub', 'sub>end'));
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.go(run, 'sub') from mine;
select meshhook.skip_step(run, 'sub', '"instead"') from mine;
select pg_temp.wake();
select is((pg_temp.run(run)).output::text || ' ' || (pg_temp.run(pg_temp.kid(run))).status, '"instead" canceled', 'the run that it called is canceled') from mine;
select is_empty($$select v.* from mine, lateral (select run union all select pg_temp.kid(run)) r(id), meshhook.verify(r.id) v$$, 'both proven');

-- By terminate, before the called run was made, and while it is there.
select pg_temp.flow(jsonb_build_object('sub', pg_temp.node('call', '{"workflow": "child"}'), 'nap', pg_temp.node('delay', '{"for": "10s"}'), 'end', pg_temp.node('terminate', '{}')), pg_temp.edges('trigger>sub', 'trigger>nap', 'nap>end'));
truncate mine;
insert into mine select pg_temp.start() union all select pg_temp.start();
select pg_temp.go(run, 'sub') from (select run from mine order by run limit 1) x;
select pg_temp.at('10s'), pg_temp.wake();
select is((select array_agg(distinct r.status::text) from meshhook.runs r join mine on run = r.id), '{succeeded}', 'both have ended');
select pg_temp.wake();
select is((select array_agg(r.status::text) from meshhook.runs r join mine on r.parent_id = run), '{canceled}', 'the one that was made is canceled');
select is((select count(*) from meshhook.abandoned_runs), 0::bigint, 'the other never was');

-- Paused: nothing is begun, nothing is missed.
select pg_temp.flow(jsonb_build_object('sub', pg_temp.node('call', '{"workflow": "child"}')), pg_temp.edges('trigger>sub'));
truncate mine;
insert into mine select pg_temp.start();
select meshhook.pause(run) from mine;
select is(pg_temp.go(run, 'sub'), 'recorded') from mine;
select is(pg_temp.kid(run), null, 'a paused run calls nobody') from mine;
select meshhook.resume(run) from mine;
select pg_temp.wake();
select is(pg_temp.go(run, 'sub'), 'recorded') from mine;
select meshhook.pause(run) from mine;
select pg_temp.deliver(pg_temp.kid(run), 'post', 1, '{"status": 200}') from mine;
select is((pg_temp.run(run)).status::text, 'paused', 'an end while it is paused') from mine;
select meshhook.resume(run) from mine;
select is(pg_temp.go(run, 'sub'), 'recorded', 'is found when it goes on') from mine;
select is((pg_temp.run(run)).status::text, 'succeeded') from mine;
select is_empty($$select v.* from mine, meshhook.verify(run) v$$, 'proven');

-- Retried: a call that failed is made anew.
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.go(run, 'sub') from mine;
select pg_temp.deliver(pg_temp.kid(run), 'post', 1, '{"status": 404}') from mine;
select pg_temp.go(run, 'sub') from mine;
select is((pg_temp.run(run)).error ->> 'code', 'MH_CHILD_FAILED', 'failed') from mine;
select meshhook.retry(run) from mine;
select pg_temp.deliver(run, '*', 0, null) from mine;
select is(pg_temp.go(run, 'sub'), 'recorded', 'retried') from mine;
select is((select count(*) from meshhook.runs r join mine on r.parent_id = run), 2::bigint, 'by another run');
select pg_temp.deliver(pg_temp.kid(run), 'post', 1, '{"status": 200}') from mine;
select pg_temp.go(run, 'sub') from mine;
select is((pg_temp.run(run)).status::text, 'succeeded', 'which succeeds') from mine;
select is_empty($$select v.* from mine, meshhook.verify(run) v$$, 'proven');
select * from finish();
rollback;
