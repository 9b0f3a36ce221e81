-- Failures: the error edge, on_error, or the end of the run; open calls are given up.
begin;
select plan(10);
-- with: flow.sql

create function pg_temp.end_of(more jsonb, variadic pairs text[]) returns jsonb language plpgsql as $$
declare v uuid; r meshhook.runs;
begin
  perform pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', more),
    'good', pg_temp.node('transform', '{"expr": "''good''"}'), 'bad', pg_temp.node('transform', '{"expr": "input.error.status"}')), pg_temp.edges(variadic pairs));
  v := pg_temp.start();
  perform pg_temp.deliver(v, 'post', 1, '{"status": 404}');
  r := pg_temp.run(v);
  if exists (select from meshhook.verify(v)) then raise exception 'not proven'; end if;
  return jsonb_build_array(r.status, coalesce(r.output, 'null'), (select jsonb_object_agg(step, status) from meshhook_engine.run_steps_of(v)));
end $$;
select is(pg_temp.end_of('{}', 'trigger>post', 'post>good', 'post:error>bad'),
  '["succeeded", {"bad": 404}, {"post": "failed", "good": "skipped", "bad": "succeeded"}]', 'the error edge is taken, the other is dead');
select is(pg_temp.end_of('{"on_error": "continue"}', 'trigger>post', 'post>good', 'post>bad'),
  '["succeeded", {"good": "good", "bad": 404}, {"post": "failed", "good": "succeeded", "bad": "succeeded"}]', 'continue: out is taken, the error is the output');
select is(pg_temp.end_of('{"on_error": "continue"}', 'trigger>post', 'post>good', 'post:error>bad') -> 2,
  '{"post": "failed", "good": "skipped", "bad": "succeeded"}', 'an error edge goes before continue');
select is(pg_temp.end_of('{}', 'trigger>post', 'post>good', 'trigger>bad') -> 0, '"failed"', 'neither: the run fails');

-- A failure gives up what else is open.
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'b', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'nap', pg_temp.node('delay', '{"for": "1h"}')), pg_temp.edges('trigger>a', 'trigger>b', 'trigger>nap'));
insert into mine select pg_temp.start();
select is((select count(*) from meshhook.waits where run_id = run), 1::bigint, 'a timer waits') from mine;
select is(pg_temp.deliver(run, 'a', 1, '{"status": 404}'), 'recorded', 'one call fails') from mine;
select is((select jsonb_object_agg(step, status) from mine, meshhook_engine.run_steps_of(run)), '{"a": "failed", "b": "canceled", "nap": "canceled"}', 'the others are canceled');
select is(pg_temp.deliver(run, 'b', 1, '{"status": 200}'), 'stale', 'what comes later is dropped') from mine;
select is(pg_temp.queue(run) || (select count(*) from meshhook.waits where run_id = run), 'nothing0', 'nothing is left of it') from mine;
select is((pg_temp.run(run)).error ->> 'step', 'a', 'the run says which step') from mine;
select * from finish();
rollback;
