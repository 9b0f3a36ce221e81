-- Retry-After lifts the delay, up to the cap; 410 is never tried again, and what is not in "on" neither.
begin;
select plan(14);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}',
  '{"retry": {"max_attempts": 9, "base": "1s", "factor": 1, "cap": "60s", "jitter": "none"}}')), pg_temp.edges('trigger>post'));
create function pg_temp.delay(header text, status int default 429) returns text language plpgsql as $$
declare v uuid := pg_temp.start();
begin
  perform pg_temp.deliver(v, 'post', 1, jsonb_build_object('status', status, 'headers', jsonb_build_object('retry-after', header)));
  return coalesce((select data ->> 'delay_ms' from meshhook.events where run_id = v and type = 'retry.scheduled'), 'never');
end $$;
select is(pg_temp.delay('7'), '7000', 'seconds');
select is(pg_temp.delay('7', 503), '7000', 'with 503 as well');
select is(pg_temp.delay('0'), '1000', 'not below the backoff');
select is(pg_temp.delay('86400'), '60000', 'not above the cap');
select is(pg_temp.delay(to_char((current_setting('meshhook.fake_now')::timestamptz + interval '20s') at time zone 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS "GMT"')), '20000', 'a date');
select is(pg_temp.delay('Mon, 01 Jan 2001 00:00:00 GMT'), '1000', 'a date gone by');
select is(pg_temp.delay('Mon, 99 Jan 2001 00:00:00 GMT'), '1000', 'a date that is none');
select is(pg_temp.delay('soon'), '1000', 'words');
select is(pg_temp.delay('99999999999999999999'), '1000', 'a number beyond reason');
select is(pg_temp.delay('1', 410), 'never', '410 is gone');
select is(pg_temp.delay('1', 404), 'never', '404 is not tried again by itself');
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}',
  '{"retry": {"base": "1s", "jitter": "none", "on": ["404", "4xx"]}}')), pg_temp.edges('trigger>post'));
select is(pg_temp.delay('1', 404), '1000', 'unless it is listed');
select is(pg_temp.delay('1', 410), 'never', '410 even then');
select is(pg_temp.delay('1', 500), 'never', 'and 500 only when listed');
select * from finish();
rollback;
