-- Retries: exponential up to a cap, jitter drawn once and recorded, then failed for good.
begin;
select plan(25);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}',
  '{"retry": {"max_attempts": 4, "base": "10s", "factor": 3, "cap": "60s", "jitter": "none"}}')), pg_temp.edges('trigger>post'));
insert into mine select pg_temp.start();
select is(pg_temp.deliver(run, 'post', 1, '{"status": 503}'), 'recorded', 'the first attempt') from mine;
select is((pg_temp.run(run)).status::text, 'waiting', 'the run waits') from mine;
select is(pg_temp.queue(run), 'nothing', 'no queue row stands for a wait') from mine;
select is((select data - 'draw' from meshhook.events where run_id = run and type = 'retry.scheduled'),
  jsonb_build_object('delay_ms', 10000, 'class', '5xx', 'due', ((extract(epoch from current_setting('meshhook.fake_now')::timestamptz) + 10) * 1000)::bigint), 'base first') from mine;
select is((select kind || ' ' || (due_at = current_setting('meshhook.fake_now')::timestamptz + interval '10s') from meshhook.waits w where w.run_id = run), 'retry true', 'as a wait') from mine;
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200}'), 'stale', 'the first attempt again is stale') from mine;
select pg_temp.at('9.999s'), pg_temp.wake();
select is(pg_temp.queue(run), 'nothing', 'not before its time') from mine;
select pg_temp.at('1ms'), pg_temp.wake();
select is(pg_temp.queue(run), 'available', 'then it is for anybody') from mine;
select is((select count(*) from meshhook.waits), 0::bigint, 'and waits no more');
select is(pg_temp.deliver(run, 'post', 2, null, '{"class": "timeout", "code": "MH_CALL_TIMEOUT", "message": "slow"}'), 'recorded', 'a timeout is tried again') from mine;
select is((select data ->> 'delay_ms' from meshhook.events where run_id = run and type = 'retry.scheduled' and attempt = 3), '30000', 'times factor') from mine;
select pg_temp.at('30s'), pg_temp.wake();
select is(pg_temp.deliver(run, 'post', 3, null, '{"class": "network", "code": "MH_CALL_NETWORK", "message": "refused"}'), 'recorded', 'and so is a broken connection') from mine;
select is((select data ->> 'delay_ms' from meshhook.events where run_id = run and type = 'retry.scheduled' and attempt = 4), '60000', 'up to the cap') from mine;
select pg_temp.at('60s'), pg_temp.wake();
select is(pg_temp.deliver(run, 'post', 4, '{"status": 502}'), 'recorded', 'the last one') from mine;
select is((pg_temp.run(run)).status::text, 'failed', 'then the run fails') from mine;
select is((pg_temp.run(run)).error - 'message', '{"code": "MH_CALL_STATUS", "class": "5xx", "status": 502, "step": "post", "attempts": 4}', 'with the last error') from mine;
select is((select data -> 'duration_ms' from meshhook.events where run_id = run and type = 'call.failed'), '100000', 'and how long it took') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- Full jitter: between nothing and the bound, by the recorded draw.
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"base": "10s", "max_attempts": 2}}')), pg_temp.edges('trigger>post'));
truncate mine;
insert into mine select pg_temp.start() from generate_series(1, 20);
select is(count(*), 20::bigint, 'twenty more') from mine where pg_temp.deliver(run, 'post', 1, '{"status": 503}') = 'recorded';
select ok(bool_and((data ->> 'delay_ms')::numeric = round((data ->> 'draw')::numeric * 10000) and (data ->> 'draw')::float8 between 0 and 1), 'the delay is the draw times the bound')
from mine join meshhook.events on run_id = run and type = 'retry.scheduled';
select ok(count(distinct data ->> 'delay_ms') > 10, 'each its own draw') from mine join meshhook.events on run_id = run and type = 'retry.scheduled';
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven, draws and all');

-- No time left for another attempt.
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}',
  '{"retry": {"base": "10s", "jitter": "none", "max_elapsed": "25s"}}')), pg_temp.edges('trigger>post'));
truncate mine;
insert into mine select pg_temp.start();
select is(pg_temp.deliver(run, 'post', 1, '{"status": 503}'), 'recorded', 'ten seconds from now is in time') from mine;
select pg_temp.at('10s'), pg_temp.wake();
select is(pg_temp.deliver(run, 'post', 2, '{"status": 503}'), 'recorded', 'thirty is not') from mine;
select is((pg_temp.run(run)).status::text, 'failed', 'so it fails now') from mine;
select * from finish();
rollback;
