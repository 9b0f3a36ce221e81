-- What a simulation tells: the log of a run, calls answered by mocks, timers at once. That it is the same log as a real run's,
-- the golden cases ask one by one.
begin;
select plan(31);
-- with: flow.sql

create function pg_temp.draft(nodes jsonb, edges jsonb, more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'draft', 'nodes', nodes, 'edges', edges) || more $$;
create function pg_temp.said(d jsonb, mocks jsonb default '{}', trigger jsonb default '{"body": {"n": 3}}') returns text language sql as $$
  select string_agg(concat_ws(' ', s.type, s.step, s.attempt), ', ' order by s.seq) from meshhook.simulate(d, trigger, mocks) s $$;
create function pg_temp.last(d jsonb, mocks jsonb default '{}', trigger jsonb default '{"body": {"n": 3}}') returns jsonb language sql as $$
  select s.data from meshhook.simulate(d, trigger, mocks) s order by s.seq desc limit 1 $$;

create temp table d as select
  pg_temp.draft(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.n"}'), 'b', pg_temp.node('transform', '{"expr": "steps.a * `2`"}')),
    pg_temp.edges('trigger>a', 'a>b')) as pure,
  pg_temp.draft(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "https://erp.test/{{ trigger.body.n }}"}', '{"retry": {"base": "10s", "cap": "1m"}}'),
    'end', pg_temp.node('terminate', '{"output": "{{ steps.post.body }}"}')), pg_temp.edges('trigger>post', 'post>end')) as call,
  pg_temp.draft(jsonb_build_object('wait', pg_temp.node('delay', '{"for": "30d"}'), 'end', pg_temp.node('terminate', '{"output": "{{ steps.wait.woke_at }}"}')),
    pg_temp.edges('trigger>wait', 'wait>end')) as wait,
  pg_temp.draft(jsonb_build_object('which', pg_temp.node('branch', '{"cases": [{"port": "left", "when": "abs(trigger.body.n) > `5`"}], "default": "right"}'),
    'l', pg_temp.node('transform', '{"expr": "''left''"}'), 'r', pg_temp.node('transform', '{"expr": "''right''"}'), 'm', pg_temp.node('transform', '{"expr": "input"}')),
    pg_temp.edges('trigger>which', 'which:left>l', 'which:right>r', 'l>m', 'r>m')) as branch;
create temp table before as select (select count(*) from meshhook.runs) as runs, (select count(*) from meshhook.events) as events, (select count(*) from meshhook_river.river_job) as jobs;

select is(pg_temp.said(pure), 'run.started, segment.decided, run.succeeded', 'pure steps need no mock') from d;
select is(pg_temp.last(pure), '{"output": 6}', 'and give their output') from d;
select is((select array_agg(summary order by seq) from d, meshhook.simulate(pure, '{"body": {"n": 3}}') s), '{"a draft of draft",a; b,6}', 'said in sentences') from d;

-- Calls.
select is(pg_temp.said(call, '{"post": {"body": {"ok": true}}}'), 'run.started, call.scheduled post 1, call.attempted post 1, call.succeeded post 1, run.succeeded end', 'one answer: 200 unless said') from d;
select is(pg_temp.last(call, '{"post": {"body": {"ok": true}}}'), '{"output": {"ok": true}}', 'its body as JSON') from d;
select is(pg_temp.last(call, '{"post": {"text": "{}"}}'), '{"output": "{}"}', 'text is text') from d;
select is(pg_temp.last(call, '{"post": {"text": "{}", "headers": {"Content-Type": "application/json"}}}'), '{"output": {}}', 'but by its content type, whatever the case of its name') from d;
select is(pg_temp.last(call, '{"post": {"base64": "iVBORwD/"}}'), '{"output": "iVBORwD/"}', 'bytes are base64') from d;
select is(pg_temp.last(call, '{"post": {}}'), '{"output": null}', 'nothing is nothing') from d;
select is(pg_temp.said(call, '{"post": [{"status": 503}, {"error": {"class": "timeout"}}, {}]}'),
  'run.started, call.scheduled post 1, call.attempted post 1, retry.scheduled post 2, call.attempted post 2, retry.scheduled post 3, call.attempted post 3, call.succeeded post 3, run.succeeded end', 'a list: one a try') from d;
select is((select count(*) from d, meshhook.simulate(call, '{"body": {"n": 1}}', '{"post": {"status": 500}}') s where s.type = 'call.attempted'), 5::bigint, 'the last answer stands for all further tries');
select is(pg_temp.last(call, '{"post": {"status": 500}}') #> '{error,code}', '"MH_CALL_STATUS"', 'until it is given up') from d;
select is(pg_temp.last(call, '{"*": {"body": 1}}'), '{"output": 1}', 'the star answers every call') from d;
select is(pg_temp.last(call, '{"*": {"body": 1}, "post": {"body": 2}}'), '{"output": 2}', 'that has no answer of its own') from d;
select is((select array_agg(extract(epoch from s.at - '2026-03-01T12:00:00Z')::int order by seq)
  from d, meshhook.simulate(call, '{"body": {"n": 1}, "received_at": "2026-03-01T12:00:00Z"}', '{"post": [{"status": 503}, {"takes": "3s"}]}') s), '{0,0,0,0,8,8,8}', 'a clock of its own: half the jitter, then how long it takes');
select is((select s.data ->> 'idempotency_key' from d, meshhook.simulate(call, '{"body": {"n": 1}}', '{"*": {}}') s where s.type = 'call.scheduled'), 'mh_00000000-0000-7000-8000-000000000000_post', 'no run has this id');

-- Time, policy, pins.
select is(pg_temp.last(wait, '{}', '{"body": null, "received_at": "2026-03-01T12:00:00Z"}'), '{"output": "2026-03-31T12:00:00.000000Z"}', 'timers fire at once') from d;
select is(pg_temp.last(wait || '{"policy": {"deadline": "1d"}}') #> '{error,code}', '"MH_DEADLINE"', 'a deadline passes like any other') from d;
select is(pg_temp.last(call || '{"policy": {"deadline": "1m"}}', '{"*": {"takes": "2m"}}') #> '{error,code}', '"MH_DEADLINE"', 'also during a call') from d;
select is(pg_temp.last(branch, '{}', '{"body": {"n": 7}}'), '{"output": "left"}', 'a branch goes by its data') from d;
select is(pg_temp.last(branch, '{"which": {"ports": ["right"]}}', '{"body": {"n": 7}}'), '{"output": "right"}', 'or as it is pinned') from d;
select is(pg_temp.last(branch, '{"l": {"output": {"x": [1]}}}', '{"body": {"n": 7}}'), '{"output": {"x": [1]}}', 'as may be what any step gives') from d;
select is(pg_temp.said(call, '{"post": {"output": {"body": 9}}}'), 'run.started, segment.decided, run.succeeded end', 'a pinned call is not made') from d;
select is(pg_temp.last(call || '{"pins": {"post": {"body": 4}}}'), '{"output": 4}', 'pins of the definition are mocks') from d;
select is(pg_temp.last(call || '{"pins": {"post": {"body": 4}}}', '{"post": {"body": 5}}'), '{"output": 5}', 'beneath those given') from d;
select is(pg_temp.last(pg_temp.draft(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "[vars.base, run.business_key, run.version]"}')), pg_temp.edges('trigger>a')),
  '{"$vars": {"base": 7}, "$run": {"business_key": "A-1"}}'), '{"output": [7, "A-1", null]}', 'variables and the run are told');

-- Loops: a mock is for every item, or for one.
create temp table l as select pg_temp.draft(jsonb_build_object('loop', pg_temp.node('each', jsonb_build_object('items', '[`7`, `8`]', 'do', jsonb_build_object(
  'nodes', jsonb_build_object('post', pg_temp.node('http_call', '{"url": "https://erp.test/{{ item }}"}'), 'say', pg_temp.node('transform', '{"expr": "steps.post.body"}')),
  'edges', pg_temp.edges('trigger>post', 'post>say'))))), pg_temp.edges('trigger>loop')) as d;
select is(pg_temp.last(d, '{"post": [{"status": 503}, {"body": 1}]}'), '{"output": [1, 1]}', 'each item has its tries') from l;
select is(pg_temp.last(d, '{"post": {"body": 1}, "loop[1].post": {"body": 2}}'), '{"output": [1, 2]}', 'one item has its own answer') from l;
select is(pg_temp.last(d, '{"post": {"output": {"body": 3}}}'), '{"output": [3, 3]}', 'a step of the body is pinned for all') from l;
select throws_like($$select pg_temp.last(d, '{"post": {}, "loop[1].say": {"output": 1}}') from l$$, 'MH_SIMULATE_MOCK: /loop[1].say:%', 'not for one');

select is((select row(b.*) from before b), (select row(count(*), (select count(*) from meshhook.events), (select count(*) from meshhook_river.river_job)) from meshhook.runs), 'nothing was written');
select * from finish();
rollback;
