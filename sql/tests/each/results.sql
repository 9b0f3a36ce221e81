-- each: what its body sees and what it gives.
begin;
select plan(29);
-- with: flow.sql
-- with: loops.sql

-- The body sees item, index, trigger, run, vars and steps; input is what came before, the item at first.
select meshhook.set_var('proof', 'base', '100');
select pg_temp.flow(jsonb_build_object('pre', pg_temp.node('transform', '{"expr": "{k: `7`}"}'), 'loop', pg_temp.loop(jsonb_build_object(
    'a', pg_temp.node('transform', '{"expr": "{n: item.v, at: index, k: steps.pre.k, all: length(trigger.body.rows), base: vars.base, flow: run.workflow, first: input.v}"}'),
    'b', pg_temp.node('transform', '{"expr": "[steps.a.n, input.at, input]"}')), pg_temp.edges('trigger>a', 'a>b')),
  'after', pg_temp.node('transform', '{"template": "{{ length(steps.loop) }} of {{ length(input) }}"}')), pg_temp.edges('trigger>pre', 'pre>loop', 'loop>after'));
select pg_temp.started('{"rows": [{"v": 5}, {"v": 6}]}');
select pg_temp.rest();
select is((pg_temp.now()).output, '"2 of 2"', 'behind the loop its output is an array');
select is((select output from mine, meshhook.run_steps s where s.run_id = run and step = 'loop'),
  '[[5, 0, {"k": 7, "n": 5, "at": 0, "all": 2, "base": 100, "flow": "flow", "first": 5}], [6, 1, {"k": 7, "n": 6, "at": 1, "all": 2, "base": 100, "flow": "flow", "first": 6}]]', 'one result an item, in order');
select is(pg_temp.steps(), 'pre=succeeded loop=succeeded after=succeeded loop[0].a=succeeded loop[0].b=succeeded loop[1].a=succeeded loop[1].b=succeeded', 'steps by path');
select pg_temp.proven();

-- steps used as a whole: those outside and those of the iteration, by their plain names.
select pg_temp.flow(jsonb_build_object('pre', pg_temp.node('transform', '{"expr": "`1`"}'), 'loop', pg_temp.loop(jsonb_build_object(
    'a', pg_temp.node('transform', '{"expr": "index"}'), 'b', pg_temp.node('transform', '{"expr": "sort(keys(steps))"}')), pg_temp.edges('trigger>a', 'a>b')),
  'after', pg_temp.node('transform', '{"expr": "[sort(keys(steps)), steps.loop]"}')), pg_temp.edges('trigger>pre', 'pre>loop', 'loop>after'));
select pg_temp.started('{"rows": [null, false]}');
select pg_temp.rest();
select is((pg_temp.now()).output, '[["loop", "pre"], [["a", "pre"], ["a", "pre"]]]', 'no path of an iteration shows');
select pg_temp.proven();

-- An iteration's output is found as a run's is.
select pg_temp.looping(jsonb_build_object('way', pg_temp.node('branch', '{"cases": [{"port": "big", "when": "item > `5`"}, {"port": "none", "when": "item == `0`"}], "default": "small"}'),
  'big', pg_temp.node('transform', '{"expr": "''big''"}'), 'small', pg_temp.node('transform', '{"expr": "''small''"}'), 'none', pg_temp.node('terminate', '{"output": {"none": "{{ index }}"}}')),
  pg_temp.edges('trigger>way', 'way:big>big', 'way:small>small', 'way:none>none'));
select pg_temp.started('{"rows": [9, 0, 1]}');
select pg_temp.rest();
select is((pg_temp.now()).output, '[{"big": "big"}, {"none": 1}, {"small": "small"}]', 'a map of the last nodes that ran, or what terminate says');
select pg_temp.proven();
select pg_temp.looping(jsonb_build_object('way', pg_temp.node('branch', '{"cases": [{"port": "yes", "when": "item"}], "default": null}'), 'yes', pg_temp.node('transform', '{"expr": "item"}')),
  pg_temp.edges('trigger>way', 'way:yes>yes'));
select pg_temp.started('{"rows": [1, null, 3]}');
select pg_temp.rest();
select is((pg_temp.now()).output, '[1, null, 3]', 'a single last node that was skipped gives null');
select pg_temp.proven();

-- Nothing to go through.
select pg_temp.started('{"rows": []}');
select is((pg_temp.now()).output, '[]', 'no item, no result');
select is(pg_temp.types(run), 'run.started segment.decided run.succeeded', 'and no loop') from mine;
select pg_temp.proven();

-- Items that cannot be gone through.
select is(e, '{"code": "MH_EACH_NOT_ARRAY", "step": "loop", "type": "object", "message": "items is {\"a\": 1}, not an array"}', 'an object') from (select pg_temp.started('{"rows": {"a": 1}}')) s, lateral (select (pg_temp.now()).error as e) r;
select pg_temp.started('{}');
select is((pg_temp.now()).error ->> 'code', 'MH_EACH_NOT_ARRAY', 'nothing at all is no array either');
select pg_temp.proven();
select pg_temp.started(jsonb_build_object('rows', (select jsonb_agg(1) from generate_series(1, 10001))));
select is(jsonb_build_array((pg_temp.now()).status, (pg_temp.now()).error ->> 'code', (pg_temp.now()).error -> 'count'), '["failed", "MH_EACH_TOO_MANY", 10001]', 'one more than may be');
select pg_temp.proven();
select pg_temp.started(jsonb_build_object('rows', (select jsonb_agg(1) from generate_series(1, 1000000))));
select is((pg_temp.now()).error ->> 'code', 'MH_EACH_TOO_MANY', 'a million');

-- They go the way of errors.
select pg_temp.flow(jsonb_build_object('loop', pg_temp.loop(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "item"}')), pg_temp.edges('trigger>a')),
  'sorry', pg_temp.node('transform', '{"expr": "input.error.code"}')), pg_temp.edges('trigger>loop', 'loop:error>sorry'));
select pg_temp.started('{"rows": 7}');
select is((pg_temp.now()).output, '"MH_EACH_NOT_ARRAY"', 'the error port');
select pg_temp.looping(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "item"}')), pg_temp.edges('trigger>a'), more => '{"on_error": "continue"}');
select pg_temp.started('{"rows": 7}');
select is((pg_temp.now()).output #>> '{error,code}', 'MH_EACH_NOT_ARRAY', 'on_error: continue');
select pg_temp.proven();

-- Ten thousand items, cut by the clock as often as need be.
select pg_temp.looping(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "item * `2` + index"}')), pg_temp.edges('trigger>a'));
select pg_temp.started(jsonb_build_object('rows', (select jsonb_agg(n) from generate_series(1, 10000) n)));
select cmp_ok(pg_temp.rest(), '>', 0, 'goes on in later commits');
select is((pg_temp.now()).output, (select jsonb_agg(n * 2 + n - 1 order by n) from generate_series(1, 10000) n), 'all of them, in order');
select is((select output from mine, meshhook.run_steps s where s.run_id = run and step = 'loop'), (pg_temp.now()).output, 'read from the log again');
select pg_temp.proven();
select is((select jsonb_agg(key order by key) from mine, meshhook.runs r, jsonb_object_keys(r.frontier) key where r.id = run), '["at", "e", "n"]', 'nothing of it is left in the frontier');

-- Several loops, one behind and one beside the other; their bodies may use the same names.
select pg_temp.flow(jsonb_build_object('one', pg_temp.loop(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "item + `1`"}')), pg_temp.edges('trigger>a')),
  'two', pg_temp.loop(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "item + `2`"}')), pg_temp.edges('trigger>a')),
  'three', pg_temp.loop(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "[item, index, steps.one[0]]"}')), pg_temp.edges('trigger>a'), '{"items": "steps.two"}')),
  pg_temp.edges('trigger>one', 'trigger>two', 'one>three', 'two>three'));
select pg_temp.started('{"rows": [10, 20]}');
select pg_temp.rest();
select is((pg_temp.now()).output, '[[12, 0, 11], [22, 1, 11]]', 'each sees what it may');
select pg_temp.proven();
select * from finish();
rollback;
