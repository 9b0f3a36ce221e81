-- The log in sentences, with how long things took.
begin;
select plan(4);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('branch', '{"cases": [{"port": "yes", "when": "`true`"}]}'), 'nap', pg_temp.node('delay', '{"for": "1m"}'),
  'post', pg_temp.node('http_call', '{"method": "POST", "url": "http://target.test/x"}', '{"retry": {"base": "5s", "jitter": "none"}}')), pg_temp.edges('trigger>a', 'a:yes>nap', 'nap>post'));
insert into mine select pg_temp.start();
select pg_temp.at('1m'), pg_temp.wake();
select is(pg_temp.deliver(run, 'post', 1, '{"status": 503}'), 'recorded') from mine;
select pg_temp.at('5s'), pg_temp.wake();
select is(pg_temp.deliver(run, 'post', 2, '{"status": 200}'), 'recorded') from mine;
select results_eq('select h.seq, h.type, h.step, h.took, h.summary from mine, meshhook.history(run) h', $$values
  (1, 'run.started', null, null::interval, 'version 1 of flow, by hand'),
  (2, 'segment.decided', null, null, 'a took yes'),
  (3, 'timer.set', 'nap', null, 'until ' || meshhook_engine.iso(current_setting('meshhook.fake_now')::timestamptz - interval '5s')),
  (4, 'timer.fired', 'nap', interval '1m', null),
  (5, 'call.scheduled', 'post', null, 'POST http://target.test/x'),
  (6, 'call.attempted', 'post', null, 'attempt 1: status 503'),
  (7, 'retry.scheduled', 'post', null, 'attempt 2 in 5000 ms'),
  (8, 'call.attempted', 'post', null, 'attempt 2: status 200'),
  (9, 'call.succeeded', 'post', interval '5s', 'after 2 attempts'),
  (10, 'run.succeeded', null, interval '65s', (select left(r.output::text, 200) from mine, meshhook.runs r where r.id = run))$$, 'every event in order');
select throws_ok($$select * from meshhook.history('00000000-0000-7000-8000-000000000000')$$, 'MH404', null, 'a run there is not');
select * from finish();
rollback;
