-- Waiting in a simulation: signals and approvals come as a mock says, or the timeout passes.
begin;
select plan(33);
-- with: flow.sql

create function pg_temp.draft(wait jsonb, ports text[] default '{wait>end}') returns jsonb language sql as $$
  select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'draft', 'nodes', jsonb_build_object('wait', pg_temp.node('wait', wait),
    'late', pg_temp.node('transform', '{"expr": "''late''"}'), 'end', pg_temp.node('terminate', '{"output": "{{ steps.wait }}"}')),
    'edges', pg_temp.edges(variadic array['trigger>wait'] || ports || case when ports::text ~ 'late' then '{}'::text[] else '{trigger>late}' end)) $$;
create function pg_temp.last(d jsonb, mocks jsonb default '{}') returns text language sql as $$
  select concat_ws(' ', (array_agg(s.type order by s.seq desc))[1], (array_agg(coalesce(s.data #>> '{error,code}', s.data ->> 'output') order by s.seq desc))[1],
    extract(epoch from max(s.at) - min(s.at))::int) from meshhook.simulate(d, '{"body": {"n": 3}}', mocks) s $$;
create temp table d as select pg_temp.draft('{"signal": "paid", "key": "trigger.body.n"}') as signal, pg_temp.draft('{"signal": "paid", "timeout": "1h"}') as hour,
  pg_temp.draft('{"signal": "paid", "timeout": "1h"}', '{wait>end,wait:timeout>late}') as led, pg_temp.draft('{"approval": {"title": "Ship {{ trigger.body.n }}?"}, "timeout": "1d"}') as approval;

select is(pg_temp.last(signal, '{"wait": {"signal": {"id": 7}}}'), 'run.succeeded {"id": 7} 0', 'a signal comes at once') from d;
select is(pg_temp.last(signal, '{"wait": {"signal": null, "takes": "90s"}}'), 'run.succeeded 90', 'or later, with nothing') from d;
select is((select s.data - 'sent_at' from d, meshhook.simulate(signal, '{"body": {"n": 3}}', '{"wait": {"signal": 1}}') s where s.type = 'signal.received'), '{"signal": "paid", "key": "3", "value": 1, "by": "mock"}', 'with its name and key');
select throws_ok($$select pg_temp.last(signal) from d$$, 'MH422', 'MH_SIMULATE_NO_MOCK: step wait waits, and no mock lets it go on', 'nothing comes by itself');
select throws_like($$select pg_temp.last(signal, '{"wait": {"never": true}}') from d$$, 'MH_SIMULATE_NO_MOCK: step wait waits%', 'nor if it never does');
select is(pg_temp.last(hour), 'run.failed MH_WAIT_TIMEOUT 3600', 'the timeout passes') from d;
select is(pg_temp.last(hour, '{"wait": {"never": true}}'), 'run.failed MH_WAIT_TIMEOUT 3600', 'also when that is said') from d;
select is(pg_temp.last(hour, '{"wait": {"signal": 1, "takes": "59m"}}'), 'run.succeeded 1 3540', 'in time') from d;
select is(pg_temp.last(hour, '{"wait": {"signal": 1, "takes": "61m"}}'), 'run.failed MH_WAIT_TIMEOUT 3600', 'too late') from d;
select matches(pg_temp.last(led), '^run.succeeded .*3600$', 'an edge leads on from timeout') from d;
select is(pg_temp.last(approval, '{"wait": {"approved": true, "by": "ann", "note": "fine"}}') ~ 'run.succeeded .*"approved": true', true, 'approved') from d;
select is(pg_temp.last(approval, '{"wait": {"approved": false, "takes": "2h"}}'), 'run.failed MH_REJECTED 7200', 'rejected') from d;
select is(pg_temp.last(approval), 'run.failed MH_WAIT_TIMEOUT 86400', 'nobody answers') from d;
select is(pg_temp.last(approval, '{"wait": {"output": {"approved": true}}}'), 'run.succeeded {"approved": true} 0', 'a pinned wait does not wait') from d;
select throws_like(format('select pg_temp.last(%L, %L)', case when bad ~ 'appro' then approval else signal end, bad), 'MH_SIMULATE_MOCK: /wait%', bad)
from d, unnest(array['{"wait": 1}', '{"wait": {}}', '{"wait": {"payload": 1}}', '{"wait": {"signal": 1, "never": true}}', '{"wait": {"signal": 1, "takes": 3}}',
  '{"wait": {"approved": "yes"}}', '{"wait": {"approved": null}}', '{"wait": [{"approved": true}]}', '{"wait": {"approved": true, "signal": 1}}']) bad;
select is((select string_agg(concat_ws(' ', s.type, s.step), ', ' order by s.seq) from d, meshhook.simulate(approval, '{"body": {"n": 3}}', '{"wait": {"approved": false}}') s),
  'run.started, segment.decided, signal.awaited wait, signal.received wait, segment.decided, run.failed', 'the log of a real one');

-- Runs that are called.
create function pg_temp.caller(more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'draft', 'nodes', jsonb_build_object('sub', pg_temp.node('call', '{"workflow": "child", "input": {"n": "{{ trigger.body.n }}"}}' || more),
    'end', pg_temp.node('terminate', '{"output": "{{ steps.sub }}"}')), 'edges', pg_temp.edges('trigger>sub', 'sub>end')) $$;
select is(pg_temp.last(pg_temp.caller(), '{"sub": {"output": {"x": 1}, "takes": "5s"}}'), 'run.succeeded {"x": 1} 5', 'a called run gives an output');
select is((select s.data - 'run' from meshhook.simulate(pg_temp.caller(), '{"body": {"n": 3}}', '{"sub": {"output": 1}}') s where s.type = 'child.started'), '{"workflow": "child", "version": "latest", "wait": true, "input": {"n": 3}}', 'its input is told');
select is(pg_temp.last(pg_temp.caller(), '{"sub": {"error": {"code": "MH_OUT_OF_STOCK", "message": "none left"}}}'), 'run.failed MH_CHILD_FAILED 0', 'or fails');
select throws_like('select pg_temp.last(pg_temp.caller())', 'MH_SIMULATE_NO_MOCK: step sub waits%', 'nobody is called');
select matches(pg_temp.last(pg_temp.caller('{"wait": false}')), '^run.succeeded [0-9a-f-]{36} 0$', 'who is not waited for needs no mock');
select throws_like(format('select pg_temp.last(pg_temp.caller(), %L)', bad), 'MH_SIMULATE_MOCK: /sub%', bad)
from unnest(array['{"sub": 1}', '{"sub": {}}', '{"sub": {"status": 200}}', '{"sub": {"output": 1, "error": {}}}']) bad;
select * from finish();
rollback;
