-- A paused run records what comes in and begins nothing; resumed, it goes on where it stands.
begin;
select plan(33);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/a"}', '{"retry": {"base": "1m", "jitter": "none"}}'), 'b', pg_temp.node('http_call', '{"url": "http://target.test/b"}'),
  'nap', pg_temp.node('delay', '{"for": "1h"}'), 'after', pg_temp.node('http_call', '{"url": "http://target.test/after"}')), pg_temp.edges('trigger>a', 'trigger>b', 'trigger>nap', 'b>after'));
create temp table proc as select meshhook_engine.register('one', 'test') as id;
create function pg_temp.take(run uuid) returns text language sql as $$
  with j as (update meshhook_river.river_job r set state = 'running', attempted_by = array[(select id from proc)::text] where r.args ->> 'run_id' = take.run::text and r.state = 'available' returning r.id)
  select string_agg(j.id::text, ' ') from j $$;
create function pg_temp.begin(run uuid) returns text language sql as $$
  select string_agg((c ->> 'step'), ' ' order by c ->> 'step') from meshhook_engine.begin((select id from proc), array(select j.id from meshhook_river.river_job j where j.args ->> 'run_id' = run::text)) b, jsonb_array_elements(b.calls) c $$;
create function pg_temp.waits(run uuid) returns text language sql as $$ select string_agg(w.step || ' ' || w.kind, ', ' order by w.step) from meshhook.waits w where w.run_id = waits.run $$;

-- Nothing claimed yet: nothing is left in the queue.
insert into mine select pg_temp.start();
select lives_ok(format('select meshhook.pause(%L, %L)', run, 'the ERP is down'), 'paused') from mine;
select is(concat_ws(' ', (r).status, (r).jobs, (r).wake_at, pg_temp.queue(run), pg_temp.waits(run)), 'paused nothing', 'nothing is queued, nothing waits') from mine, pg_temp.run(run) r;
select is((select data from meshhook.events e, mine where e.run_id = run order by seq desc limit 1), '{"by": "operator", "reason": "the ERP is down"}', 'who did it and why') from mine;
select is((select concat_ws(' ', action, actor, detail) from meshhook.audit_trail, mine where target = run::text), 'run.paused operator {"reason": "the ERP is down"}', 'is in the audit log as well');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven while it is paused');
select throws_ok(format('select meshhook.pause(%L)', run), 'MH409', null, 'it is paused once') from mine;
select pg_temp.at('2h'), pg_temp.wake();
select is(meshhook.requeue(), 0, 'nobody wakes it') from mine;
select is(pg_temp.types(run), 'run.started call.scheduled call.scheduled timer.set run.paused', 'time does nothing') from mine;
select lives_ok(format('select meshhook.resume(%L)', run), 'resumed') from mine;
select is(concat_ws(' ', (r).status, (select array_agg(k order by k) from jsonb_object_keys((r).jobs) k), pg_temp.queue(run)), 'running {a,b,nap} available', 'all is due now') from mine, pg_temp.run(run) r;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven after');
select throws_ok(format('select meshhook.resume(%L)', run), 'MH409', null, 'it is resumed once') from mine;
select meshhook.cancel(run) from mine;

-- Calls in flight.
truncate mine;
insert into mine select pg_temp.start();
select isnt(pg_temp.take(run), null, 'a worker claims') from mine;
select is(pg_temp.begin(run), 'a b', 'and begins') from mine;
select meshhook.pause(run) from mine;
select is((select array_agg(k order by k) from mine, jsonb_object_keys((pg_temp.run(run)).jobs) k), '{a,b}', 'what is in its hands stays there');
select is(pg_temp.deliver(run, 'b', 1, '{"status": 200}', job => (select id from meshhook_river.river_job j where j.args ->> 'run_id' = run::text), process => (select id from proc)), 'recorded', 'a result is recorded') from mine;
select is(pg_temp.types(run), 'run.started call.scheduled call.scheduled timer.set run.paused call.attempted call.succeeded call.scheduled', 'what follows is decided') from mine;
select is(concat_ws(' ', (r).status, (select array_agg(k) from jsonb_object_keys((r).jobs) k)), 'paused {a}', 'and in nobody''s hands') from mine, pg_temp.run(run) r;
select is(pg_temp.deliver(run, 'a', 1, '{"status": 503}'), 'recorded', 'a failure as well') from mine;
select is(concat_ws(' ', (r).status, (r).jobs, (r).wake_at, pg_temp.queue(run), pg_temp.waits(run)), 'paused nothing', 'its retry waits for nothing yet') from mine, pg_temp.run(run) r;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select meshhook.resume(run) from mine;
select is(concat_ws(' ', (r).status, (select array_agg(k) from jsonb_object_keys((r).jobs) k), pg_temp.waits(run), (r).wake_at = current_setting('meshhook.fake_now')::timestamptz + interval '1m'),
  'running {after} a retry, nap timer t', 'resumed: one call is due, the others wait') from mine, pg_temp.run(run) r;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- A row that was claimed and not begun when the run was paused is finished by its worker; the run must not count on it.
select isnt(pg_temp.take(run), null, 'claimed') from mine;
select meshhook.pause(run) from mine;
select is((pg_temp.run(run)).jobs ? 'after', true, 'the claim stands') from mine;
select is(pg_temp.begin(run), null, 'there is nothing to begin') from mine;
select is((pg_temp.run(run)).jobs, null, 'and the run has let go of the row') from mine;
select meshhook.resume(run) from mine;
select is(pg_temp.queue(run), 'running available', 'resumed, it has another one') from mine;
delete from meshhook_river.river_job where state = 'running';
select meshhook.pause(run), pg_temp.take(run), meshhook.resume(run) from mine;
select is(pg_temp.take(run) is not null and pg_temp.begin(run) = 'after', true, 'one that comes late to a run resumed is begun') from mine;

-- The end comes by what was in flight.
select meshhook.cancel(run) from mine;
truncate mine;
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/a"}')), pg_temp.edges('trigger>a'), '{"policy": {"deadline": "60s"}}');
insert into mine select pg_temp.start() from generate_series(1, 2);
select pg_temp.take(run) from mine;
select pg_temp.at('20s');
select meshhook.pause(run) from mine;
select is(pg_temp.deliver(run, 'a', 1, '{"status": 200}'), 'recorded', 'the last result') from mine where run = (select min(run::text)::uuid from mine);
select is((select array_agg((pg_temp.run(run)).status::text order by run) from mine), '{succeeded,paused}', 'ends a paused run');
select pg_temp.at('1h'), pg_temp.wake();
select meshhook.resume(run) from mine where (pg_temp.run(run)).status = 'paused';
select is((r).deadline_at, current_setting('meshhook.fake_now')::timestamptz + interval '40s', 'the deadline stood still') from mine, pg_temp.run(run) r where (r).status = 'running';
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
