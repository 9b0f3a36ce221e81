-- What a signal and the key of a wait may be.
begin;
select plan(39);
-- with: flow.sql

select throws_ok(format('select meshhook.signal(%L, %L, %L, %L)', p, n, k, v), s, null, left(format('%s %s %s %s', p, n, k, v), 60)) from (values
  ('gone', 'go', null, '1', 'MH404'), ('proof', 'Go', null, '1', 'MH400'), ('proof', '', null, '1', 'MH400'), ('proof', null, null, '1', 'MH400'), ('proof', 'a b', null, '1', 'MH400'),
  ('proof', repeat('a', 64), null, '1', 'MH400'), ('proof', 'go', repeat('k', 513), '1', 'MH400'), ('proof', 'go', 'k', '"' || repeat('x', 1048576) || '"', 'MH400')) x(p, n, k, v, s);
select throws_like($$select meshhook.signal('proof', 'Go')$$, 'MH_SIGNAL_NAME:%');
select throws_like(format('select meshhook.signal(%L, %L, %L)', 'proof', 'go', repeat('k', 513)), 'MH_SIGNAL_KEY:%');
select throws_like(format('select meshhook.signal(%L, %L, %L, %L)', 'proof', 'go', 'k', '"' || repeat('x', 1048576) || '"'), 'MH_SIGNAL_TOO_LARGE:%');
select is(meshhook.signal('proof', 'a.b-c_1', 'k', null), 0, 'no payload is null');
select is((select payload from meshhook.signals), 'null', 'as JSON');
select results_eq($$select action, target, detail from meshhook.audit_trail where action like 'signal%'$$, $$values ('signal.sent', 'a.b-c_1', '{"key": "k", "woken": 0}'::jsonb)$$, 'it is written down');

-- Keys out of data.
select pg_temp.flow(jsonb_build_object('w', pg_temp.node('wait', '{"signal": "go", "key": "trigger.body.k"}'), 'e', pg_temp.node('transform', '{"expr": "steps.w.error.code"}')), pg_temp.edges('trigger>w', 'w:error>e'));
select is((pg_temp.run(meshhook.start('proof', 'flow', jsonb_build_object('k', k)))).output #>> '{}', 'MH_WAIT_KEY', 'key ' || left(k::text, 40))
from (values ('null'::jsonb), ('""'), ('[]'), ('{"a": 1}'), (to_jsonb(repeat('x', 513)))) x(k);
create function pg_temp.key_of(k jsonb) returns text language plpgsql as $$
declare v uuid := meshhook.start('proof', 'flow', jsonb_build_object('k', k));
begin return (select w.key from meshhook.waits w where w.run_id = v); end $$;
select is(pg_temp.key_of(k), want, 'key ' || k::text) from (values ('42'::jsonb, '42'), ('1.50', '1.50'), ('true', 'true'), ('"ü x"', 'ü x')) x(k, want);
select is(meshhook.signal('proof', 'go', '42'), 1, 'a number is found by its text');

-- Settings.
create function pg_temp.says(settings jsonb, variadic codes text[]) returns text language sql as $$
  select is((select coalesce(array_agg(v.code || replace(v.path, '/nodes/n/with', '') order by v.code, v.path), '{}')
    from meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'a', 'nodes', jsonb_build_object('n', jsonb_build_object('type', 'wait', 'with', settings)),
      'edges', '[{"from": "trigger", "to": "n"}]'::jsonb)) v), codes, settings::text) $$;
select pg_temp.says('{"signal": "go"}', variadic '{}');
select pg_temp.says('{"signal": "go", "key": "trigger.body.id", "timeout": "{{ vars.patience }}"}', variadic '{}');
select pg_temp.says('{"approval": {"title": "Pay {{ trigger.body.amount }}?"}, "timeout": "7d"}', variadic '{}');
select pg_temp.says('{}', 'MH_DEF_ONE_OF');
select pg_temp.says('{"signal": "go", "approval": {"title": "x"}}', 'MH_DEF_ONE_OF');
select pg_temp.says('{"signal": "Go"}', 'MH_DEF_SIGNAL/signal');
select pg_temp.says('{"signal": 1, "key": 1}', 'MH_DEF_SIGNAL/signal', 'MH_DEF_TYPE/key');
select pg_temp.says('{"approval": {}, "key": "input"}', 'MH_DEF_MISSING/approval/title', 'MH_DEF_SIGNAL/key');
select pg_temp.says('{"approval": {"title": "x", "to": "y"}}', 'MH_DEF_UNKNOWN_KEY/approval/to');
select pg_temp.says('{"approval": "x"}', 'MH_DEF_TYPE/approval');
select pg_temp.says('{"signal": "go", "timeout": "soon"}', 'MH_DEF_DURATION/timeout');
select pg_temp.says('{"signal": "go", "timeout": 5}', 'MH_DEF_TYPE/timeout');
select pg_temp.says('{"signal": "go", "timeout": "0s"}', 'MH_DEF_RANGE/timeout');
select pg_temp.says('{"signal": "go", "key": "secrets.k"}', 'MH_DEF_SECRET_PLACE/key');
select pg_temp.says('{"signal": "go", "key": "steps.gone"}', 'MH_DEF_REF_UNKNOWN/key');
select * from finish();
rollback;
