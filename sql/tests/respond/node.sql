-- respond: what is kept of an answer, which one counts, what may stand in it.
begin;
select plan(33);
-- with: flow.sql
-- with: door.sql

select pg_temp.flow(jsonb_build_object(
  'say', pg_temp.node('respond', '{"status": "{{ trigger.body.status }}", "headers": {"X-Order": "{{ trigger.body.n }}", "Retry-After": 5}, "body": {"got": "{{ trigger.body.n }}"}}'),
  'post', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'again', pg_temp.node('respond', '{"body": "too late"}')), pg_temp.edges('trigger>say', 'say>post', 'post>again'));
insert into mine select meshhook.start('proof', 'flow', '{"status": 201, "n": 3}');
select is((select s.output from meshhook.run_steps s where s.run_id = run and s.step = 'say'), '{"status": 201, "headers": {"x-order": "3", "retry-after": "5"}, "body": {"got": 3}}', 'the output is what was said') from mine;
select is((pg_temp.run(run)).status::text, 'running', 'the run goes on') from mine;
select is((select r.response || jsonb_build_object('run', r.status) from mine, meshhook_engine.run_results(array[run]) r),
  '{"status": 201, "headers": {"x-order": "3", "retry-after": "5"}, "body": {"got": 3}, "run": "running"}', 'who waits can be told now');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select pg_temp.deliver(run, 'post', 1, '{"status": 500}') from mine;
select is((pg_temp.run(run)).frontier ->> 'reply', 'say', 'a retry leaves it') from mine;
select pg_temp.deliver(run, 'post', 2, '{"status": 200}') from mine;
select is((select (r.response -> 'status')::text || ' ' || r.status from mine, meshhook_engine.run_results(array[run]) r), '201 succeeded', 'the first answer counts, also when the run has ended');
select is((select s.output -> 'body' from meshhook.run_steps s where s.run_id = run and s.step = 'again'), '"too late"', 'a second one is recorded') from mine;
select is(meshhook.state_at(run, 2) #>> '{frontier,reply}', 'say', 'the fold knows it too') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
truncate mine;
insert into mine select meshhook.start('proof', 'flow', '{"status": 200, "n": 1}');
select lives_ok(format('select meshhook.cancel(%L)', run), 'canceled behind its answer') from mine;
select is((select (r.response -> 'status')::text || ' ' || r.status from mine, meshhook_engine.run_results(array[run]) r), '200 canceled', 'which stands');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- Bad values come out of data: the step fails, and nothing has been said.
select is((pg_temp.run(meshhook.start('proof', 'flow', jsonb_build_object('status', s, 'n', 1)))).error ->> 'code', 'MH_RESPOND_STATUS', 'status ' || s::text)
from (values ('199'::jsonb), ('600'), ('"ok"'), ('null'), ('[200]'), ('200.5')) x(s);
select is((pg_temp.run(meshhook.start('proof', 'flow', '{"status": "202", "n": 1}'))).frontier ->> 'reply', 'say', 'a status as text will do');
select is((pg_temp.run(meshhook.start('proof', 'flow', jsonb_build_object('status', 200, 'n', n)))).error - 'message', '{"code": "MH_RESPOND_HEADER", "path": "/headers/X-Order", "step": "say"}', 'header ' || left(n::text, 40))
from (values ('"a\r\nSet-Cookie: x=1"'::jsonb), ('"a\nb"'), ('"\u0007"'), ('{}'), ('null'), (to_jsonb(repeat('x', 8193)))) x(n);

-- In the accepting transaction.
insert into ends select 'one', pg_temp.endpoint('one');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, true from ends e, meshhook.workflows w where w.name = 'flow';
select is((select array[a.status, a.output ->> 'status', a.output #>> '{body,got}'] from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id)], array[convert_to('{"status": 203, "n": 9}', 'UTF8')]) a),
  '{responded,203,9}', 'the answer comes with the commit');

-- Settings.
create function pg_temp.says(settings jsonb, variadic codes text[]) returns text language sql as $$
  select is((select coalesce(array_agg(v.code || replace(v.path, '/nodes/n/with', '') order by v.code, v.path), '{}')
    from meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'a', 'nodes', jsonb_build_object('n', jsonb_strip_nulls(jsonb_build_object('type', 'respond', 'with', settings))),
      'edges', '[{"from": "trigger", "to": "n"}]'::jsonb)) v), codes, coalesce(settings::text, 'no settings')) $$;
select pg_temp.says(null, variadic '{}');
select pg_temp.says('{"status": 204, "headers": {"Content-Type": "text/xml"}, "body": "<a>{{ input.x }}</a>"}', variadic '{}');
select pg_temp.says('{"status": 99, "headers": [], "x": 1}', 'MH_DEF_RANGE/status', 'MH_DEF_TYPE/headers', 'MH_DEF_UNKNOWN_KEY/x');
select pg_temp.says('{"status": "ok"}', 'MH_DEF_TYPE/status');
select pg_temp.says('{"headers": {"Connection": "close", "Set-Cookie": "a=b", "Content-Security-Policy": "", "X-A": "1", "x-a": "2", "X-B": "a\nb"}}',
  'MH_DEF_HEADER/headers/Connection', 'MH_DEF_HEADER/headers/Content-Security-Policy', 'MH_DEF_HEADER/headers/Set-Cookie', 'MH_DEF_HEADER/headers/X-B', 'MH_DEF_HEADER/headers/x-a');
select pg_temp.says('{"body": "{{ secrets.k }}"}', 'MH_DEF_SECRET_PLACE/body');
select pg_temp.says('{"body": "{{ 1 + }}", "status": "{{ steps.gone }}"}', 'MH_TEMPLATE_SYNTAX/body');
select * from finish();
rollback;
