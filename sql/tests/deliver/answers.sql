-- What a response amounts to: by its status, its type, and what the node asks for.
begin;
select plan(16);
-- with: flow.sql

create function pg_temp.body(asks text, response jsonb, body text) returns text language plpgsql as $$
declare v uuid;
begin
  perform pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', jsonb_build_object('url', 'http://target.test/', 'response', jsonb_build_object('as', asks)))), pg_temp.edges('trigger>post'));
  v := pg_temp.start();
  perform pg_temp.deliver(v, 'post', 1, '{"status": 200, "text": true}' || response, null, body);
  return coalesce((pg_temp.run(v)).output ->> 'body', (pg_temp.run(v)).error ->> 'code', (pg_temp.run(v)).status::text);
end $$;
select is(pg_temp.body('auto', '{"headers": {"content-type": "application/json; charset=utf-8"}}', '{"a":  1}'), '{"a": 1}', 'JSON by its type');
select is(pg_temp.body('auto', '{"headers": {"content-type": "application/problem+json"}}', '[1]'), '[1]', 'and its relatives');
select is(pg_temp.body('auto', '{"headers": {"content-type": "text/plain"}}', '{"a":  1}'), '{"a":  1}', 'text stays as it is');
select is(pg_temp.body('auto', '{"headers": {"content-type": "application/json"}}', 'oops'), 'oops', 'what says it is JSON and is not is text');
select is(pg_temp.body('json', '{}', '{"a":1}'), '{"a": 1}', 'JSON whatever the type says');
select is(pg_temp.body('json', '{}', 'oops'), 'MH_CALL_NOT_JSON', 'or an error');
select is(pg_temp.body('text', '{"headers": {"content-type": "application/json"}}', '{"a":  1}'), '{"a":  1}', 'text when asked for');
select is(pg_temp.body('base64', '{}', 'abc'), 'YWJj', 'base64 when asked for');
select is(pg_temp.body('auto', '{"text": false}', 'abc'), 'YWJj', 'and when it is no text');
select is(pg_temp.body('text', '{}', null), '', 'no body is an empty text');
select is(pg_temp.body('auto', '{"headers": {"content-type": "application/json"}}', '{"a": "\u0000"}'), '{"a": "\u0000"}', 'a NUL no jsonb can hold leaves the text');

-- An answer over 8 KB stands in payloads and comes back whole.
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'nap', pg_temp.node('delay', '{"for": "1h"}'),
  'size', pg_temp.node('transform', '{"expr": "length(steps.post.body)"}')), pg_temp.edges('trigger>post', 'post>nap', 'nap>size'));
insert into mine select pg_temp.start();
select is(pg_temp.deliver(run, 'post', 1, '{"status": 200, "text": true}', null, (select string_agg(md5(g::text), '') from generate_series(1, 1000) g)), 'recorded', 'a long answer') from mine;
select ok((select data ? 'payload' and pg_column_size(data) < 100 from meshhook.events where run_id = run and type = 'call.attempted'), 'is not in the log') from mine;
select is((select count(*) from meshhook.payloads where run_id = run), 1::bigint, 'but beside it, once') from mine;
select pg_temp.at('1h'), pg_temp.wake();
select is((pg_temp.run(run)).output, '32000', 'an hour later a step reads it') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select * from finish();
rollback;
