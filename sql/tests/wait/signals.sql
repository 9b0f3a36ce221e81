-- Waiting for a signal: it comes while somebody waits, before, never; by key, to several, once.
begin;
select plan(49);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object(
  'paid', pg_temp.node('wait', '{"signal": "payment", "key": "trigger.body.id", "timeout": "1h"}'),
  'ok', pg_temp.node('transform', '{"expr": "steps.paid.amount"}'), 'late', pg_temp.node('transform', '{"expr": "steps.paid"}')),
  pg_temp.edges('trigger>paid', 'paid>ok', 'paid:timeout>late'));
insert into mine select meshhook.start('proof', 'flow', '{"id": "A-1"}');
select is((pg_temp.run(run)).status::text || ' ' || pg_temp.types(run) || ' ' || pg_temp.queue(run), 'waiting run.started signal.awaited nothing', 'it waits, and is nobody''s work') from mine;
select is((select e.data - 'until' from mine join meshhook.events e on e.run_id = run and e.seq = 2), jsonb_build_object('signal', 'payment', 'key', 'A-1', 'due',
  (extract(epoch from current_setting('meshhook.fake_now')::timestamptz + interval '1h') * 1000)::bigint), 'for this');
select is((select w.signal || ' ' || w.key from meshhook.waits w), 'payment A-1', 'found by name and key');
select is((select s.status from meshhook.run_steps s where s.run_id = run and s.step = 'paid'), 'waiting', 'as a step') from mine;
select is((select wake_at from meshhook.run_list l where l.id = run), current_setting('meshhook.fake_now')::timestamptz + interval '1h', 'at the latest until then') from mine;
select pg_temp.at('1s'), pg_temp.wake(), pg_temp.wake();
select is((select due_at from meshhook.waits), current_setting('meshhook.fake_now')::timestamptz + interval '59m59s', 'wake has looked once for an early one') from mine;
select is(meshhook.signal('proof', 'payment', 'A-2', '{"amount": 5}'), 0, 'another key is another signal');
select is(meshhook.signal('proof', 'refund', 'A-1', '{"amount": 5}'), 0, 'so is another name');
select is(meshhook.signal('proof', 'payment', 'A-1', '{"amount": 7}'), 1, 'the one awaited wakes one');
select is((pg_temp.run(run)).output, '{"ok": 7}', 'its payload is the output') from mine;
select is(pg_temp.types(run), 'run.started signal.awaited signal.received segment.decided run.succeeded', 'in one commit') from mine;
select is((select e.data - 'sent_at' - 'by' from mine join meshhook.events e on e.run_id = run and e.seq = 3), '{"signal": "payment", "key": "A-1", "value": {"amount": 7}}', 'recorded');
select is((select count(*) from meshhook.waits), 0::bigint, 'nothing is waited for');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select is((select string_agg(h.summary, '; ' order by h.seq) from mine, meshhook.history(run) h where h.type like 'signal.%'),
  'signal payment for A-1, until ' || (select h.data ->> 'until' from mine, meshhook.history(run) h where h.seq = 2) || '; signal payment for A-1 from operator', 'in words');

-- Before: kept, taken once by the first that waits, oldest first.
select is(meshhook.signal('proof', 'payment', 'A-2', '{"amount": 6}'), 0, 'a second early one');
select is((select count(*) from meshhook.signals), 3::bigint, 'all are kept');
truncate mine;
insert into mine select meshhook.start('proof', 'flow', '{"id": "A-2"}');
insert into mine select meshhook.start('proof', 'flow', '{"id": "A-2"}');
insert into mine select meshhook.start('proof', 'flow', '{"id": "A-2"}');
select pg_temp.wake();
select is((select array_agg(l.status || coalesce(' ' || (l.output ->> 'ok'), '') order by l.id) from meshhook.run_list l join mine on run = l.id), '{succeeded 5,succeeded 6,waiting}', 'each is taken once, the oldest first');
select is((select array_agg(name) from meshhook.signals), '{refund}', 'and is gone');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
-- Never.
select pg_temp.at('59m59s'), pg_temp.wake();
select is((select l.status::text from meshhook.run_list l join mine on run = l.id order by l.id desc limit 1), 'waiting', 'not yet');
select pg_temp.at('1s'), pg_temp.wake();
select is((select l.output -> 'late' from meshhook.run_list l join mine on run = l.id order by l.id desc limit 1),
  jsonb_build_object('woke_at', meshhook_engine.iso(current_setting('meshhook.fake_now')::timestamptz)), 'the port timeout');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select is(meshhook.signal('proof', 'payment', 'A-2'), 0, 'too late for it');
-- A kept one has its end.
select pg_temp.at('7 days'), pg_temp.at('1s');
truncate mine;
insert into mine select meshhook.start('proof', 'flow', '{"id": "A-2"}');
select pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'waiting', 'after seven days it is not taken any more') from mine;

-- To several; two waits of one run; no key; no timeout.
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('wait', '{"signal": "go"}'), 'b', pg_temp.node('wait', '{"signal": "go"}'), 'c', pg_temp.node('wait', '{"signal": "go"}'),
  'end', pg_temp.node('transform', '{"expr": "[steps.a, steps.b, steps.c]"}')), pg_temp.edges('trigger>a', 'trigger>b', 'a>c', 'b>c', 'c>end'));
truncate mine;
insert into mine select pg_temp.start() from generate_series(1, 3);
select is((select array_agg(distinct l.wake_at) from meshhook.run_list l join mine on run = l.id), array[null::timestamptz], 'without a timeout only the signal brings them on');
select is((select max(wake_at) from meshhook.runs join mine on run = id), 'infinity', 'which the run says in its own way');
select is(meshhook.signal('proof', 'go', null, '1'), 3, 'it wakes all that wait, in both steps');
select is((select array_agg(distinct l.current_step) from meshhook.run_list l join mine on run = l.id), '{c}', 'what begins to wait by it waits for the next one');
select pg_temp.wake();
select is(meshhook.signal('proof', 'go', '', '2'), 3, 'no key is the empty key');
select is((select array_agg(distinct l.output::text) from meshhook.run_list l join mine on run = l.id), '{"[1, 1, 2]"}', 'all is there');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- The end of a run takes its waits along; a signal to it is kept for others.
truncate mine;
insert into mine select pg_temp.start();
select meshhook.cancel(run) from mine;
select is((select count(*) from meshhook.waits w join mine on w.run_id = run), 0::bigint, 'canceled: nothing waits');
select is(meshhook.signal('proof', 'go'), 0, 'and nobody is woken');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
delete from meshhook.signals;

-- Paused: the signal is kept, the run has it when it goes on.
truncate mine;
insert into mine select pg_temp.start();
select meshhook.pause(run) from mine;
select is(meshhook.signal('proof', 'go', null, '8'), 0, 'a paused run is not woken');
select meshhook.resume(run) from mine;
select pg_temp.wake();
select is((select count(*) from mine, meshhook.history(run) h where h.type = 'signal.received'), 1::bigint, 'resumed, one of its steps has it');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- Lost waits come back.
delete from meshhook.waits;
select is(meshhook.signal('proof', 'go', null, '9'), 0, 'a wait is lost: nobody is found');
select is(meshhook.requeue(), (select count(*)::int from meshhook.runs where finished_at is null), 'requeue finds every run that waits');
select is(meshhook.requeue(), 0, 'once');
select pg_temp.wake();
select is((select count(*) from mine, meshhook.history(run) h where h.type = 'signal.received'), 2::bigint, 'and the signal was kept') from mine;

-- Without an edge from timeout it is a failure.
select pg_temp.flow(jsonb_build_object('w', pg_temp.node('wait', '{"signal": "go", "timeout": "{{ trigger.body.t }}"}')), pg_temp.edges('trigger>w'));
truncate mine;
insert into mine select meshhook.start('proof', 'flow', '{"t": "5s"}');
select pg_temp.at('1s'), pg_temp.wake();
select is((pg_temp.run(run)).status::text, 'waiting', 'not yet') from mine;
select is(pg_temp.deliver(run, 'w', 0, null), 'stale', 'nor because somebody says so') from mine;
select pg_temp.at('4s'), pg_temp.wake();
select is((pg_temp.run(run)).error, '{"code": "MH_WAIT_TIMEOUT", "message": "Signal go did not come in time.", "step": "w"}', 'a timeout that leads nowhere fails the run') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select pg_temp.flow(jsonb_build_object('w', pg_temp.node('wait', '{"signal": "go", "timeout": "5s"}', '{"on_error": "continue"}'), 'x', pg_temp.node('transform', '{"expr": "steps.w.error.code"}')), pg_temp.edges('trigger>w', 'w>x'));
truncate mine;
insert into mine select pg_temp.start();
select pg_temp.at('5s'), pg_temp.wake();
select is((pg_temp.run(run)).output, '"MH_WAIT_TIMEOUT"', 'or goes on with the error') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select is(meshhook.state_at(run, 2) -> 'frontier' -> 'open', jsonb_build_object('w', jsonb_build_object('i', 1, 'q', 2, 's', 'go', 'k', '', 'due', (select h.data -> 'due' from meshhook.history(run) h where h.seq = 2))), 'the fold stands where the run stood') from mine;
select * from finish();
rollback;
