-- What came from outside comes again in a backtest: timers late, cancellations, variables, answers in their order. What nobody
-- can know is called unknown; what is asked wrongly is refused.
begin;
select plan(27);
-- with: flow.sql
-- with: door.sql

create temp table d as select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', jsonb_build_object(
    'a', pg_temp.node('http_call', '{"url": "https://a.test/"}'), 'b', pg_temp.node('http_call', '{"url": "https://b.test/{{ vars.base }}"}'),
    'first', pg_temp.node('transform', '{"expr": "input.body"}', '{"join": "any"}'),
    'nap', pg_temp.node('delay', '{"for": "1h"}'), 'end', pg_temp.node('terminate', '{"output": ["{{ steps.first }}", "{{ steps.nap.woke_at }}", "{{ run.id }}", "{{ run.version }}"]}')),
  'edges', pg_temp.edges('trigger>a', 'trigger>b', 'a>first', 'b>first', 'first>nap', 'nap>end')) as d;
select meshhook.set_var('proof', 'base', '"one"');
select meshhook.publish('proof', 'flow', d) from d;
insert into ends select 'flow', pg_temp.endpoint('flow');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, true from ends e, meshhook.workflows w;
create temp table sent as select a.item as n, a.request_id as request, a.run_id as run
from ends e, meshhook_engine.accept(null, 0, array_fill(pg_temp.item(e.id), array[3]), array_fill('{}'::bytea, array[3])) a;
create function pg_temp.run_of(n int) returns uuid language sql as $$ select run from sent s where s.n = run_of.n $$;
create function pg_temp.found(definition jsonb) returns text language sql as $$
  select coalesce(string_agg(format('%s %s', s.n, b.would_be -> 'differs'), ', ' order by s.n), 'none') from meshhook.backtest('proof', 'flow', definition) b join sent s on s.request = b.request $$;

select is(pg_temp.found(d), 'none', 'runs that have not ended are not asked') from d;
select is(pg_temp.deliver(pg_temp.run_of(1), 'b', 1, '{"status": 200, "text": true, "headers": {}}', null, '"from b"'), 'recorded', 'b comes first');
select pg_temp.at('20s');
select is(pg_temp.deliver(pg_temp.run_of(1), 'a', 1, '{"status": 200, "text": true, "headers": {}}', null, '"from a"'), 'recorded', 'then a');
select pg_temp.at('59m 43.123456s'), pg_temp.wake();  -- three seconds late
select is((pg_temp.run(pg_temp.run_of(1))).status::text, 'succeeded', 'the timer was a little late');
select lives_ok($$select meshhook.cancel(pg_temp.run_of(2), 'ordered twice')$$, 'the second is canceled');
select is(pg_temp.deliver(pg_temp.run_of(3), 'a', 1, '{"status": 404, "text": true, "headers": {}}'), 'recorded', 'the third fails');
select meshhook.set_var('proof', 'base', '"two"');

select is(pg_temp.found(d), 'none', 'all of it comes again: order, moments, variables, the cancellation, the run''s id') from d;
select is(pg_temp.found(d || '{"policy": {"deadline": "10m"}}'), '1 ["path", "outcome", "output"], 2 ["outcome"], 3 ["path", "outcome"]', 'a deadline is the definition''s own') from d;
select is(pg_temp.found(d || '{"policy": {"deadline": "5h"}}'), 'none', 'and far away it changes nothing') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,nap,with,for}', '"2h"')), '1 ["output"]', 'another delay is over when it is due') from d;
select is(pg_temp.found(jsonb_set(d, '{nodes,a,on_error}', '"continue"')), '3 ["path", "outcome"]', 'the failed one goes on, to what it never met') from d;
select is((select b.would_be - 'calls' from d, meshhook.backtest('proof', 'flow', jsonb_set(d, '{nodes,a,on_error}', '"continue"')) b),
  '{"status": "unknown", "unknown": ["b"], "differs": ["path", "outcome"], "error": null, "output": null, "steps": {"a": "failed", "b": "open", "first": "succeeded", "nap": "succeeded", "end": "succeeded"}}', 'b was never answered, so nobody knows');
select is(pg_temp.found(jsonb_set(d, '{nodes,a,with,url}', '"https://other.test/"')), '1 ["path", "calls", "outcome"], 2 ["calls", "outcome"], 3 ["path", "calls", "outcome"]', 'another request was never answered') from d;
select is(pg_temp.found(d || '{"ui": {"positions": {}}}'), 'none', 'another look changes nothing') from d;

-- Who may, and what is refused.
create role mh_t_back login noinherit;
grant meshhook_user to mh_t_back;
insert into meshhook.trusted_sessions (role_name) values ('mh_t_back');
insert into meshhook.members (project_id, principal, role) select id, 't-viewer', 'viewer' from meshhook.projects where slug = 'proof';
create function pg_temp.by(who text, statement text) returns text language plpgsql as $$
declare v text := 'ok';
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', who)::text, true);
  begin
    set local session authorization mh_t_back;
    set local role meshhook_user;
    execute statement;
    raise exception 'done' using errcode = 'MH999';
  exception when others then
    v := case sqlstate when 'MH999' then 'ok' else concat(sqlstate, ' ', split_part(sqlerrm, ':', 1)) end;
  end;
  return v;
end $$;
select is(pg_temp.by('t-viewer', $$select meshhook.backtest('proof', 'flow')$$), 'ok', 'a viewer may');
select is(pg_temp.by('stranger', $$select meshhook.backtest('proof', 'flow')$$), 'MH404 MH_PROJECT_UNKNOWN', 'a stranger sees nothing');
select is(pg_temp.by('t-viewer', statement), expected, statement) from (values
  ($$select meshhook.backtest('proof', 'nothing')$$, 'MH404 MH_WORKFLOW_UNKNOWN'),
  ($$select meshhook.backtest('proof', null)$$, 'MH404 MH_WORKFLOW_UNKNOWN'),
  ($$select meshhook.backtest(null, 'flow')$$, 'MH404 MH_PROJECT_UNKNOWN'),
  ($$select meshhook.backtest('proof', 'flow', '{}')$$, 'MH422 MH_DEF_INVALID'),
  ($$select meshhook.backtest('proof', 'flow', 'null')$$, 'MH422 MH_DEF_INVALID'),
  ($$select meshhook.backtest('proof', 'flow', since => null)$$, 'ok'),
  ($$select meshhook.backtest('proof', 'flow', since => '-1 day')$$, 'ok'),
  ($$select meshhook.backtest('proof', 'flow', most => 2)$$, 'MH422 MH_BACKTEST_TOO_MANY'),
  ($$select meshhook.backtest('proof', 'flow', most => 3)$$, 'ok'),
  ($$select meshhook.backtest('proof', 'flow', most => null)$$, 'ok'),
  ($$select meshhook.backtest('proof', 'flow', most => -1)$$, 'MH422 MH_BACKTEST_TOO_MANY')) x(statement, expected);

select * from finish();
rollback;
