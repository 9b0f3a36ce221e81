-- What changed: by key, by place, edges as a set, ui left out.
begin;
select plan(12);
create function pg_temp.rows(was jsonb, now jsonb) returns table (op text, path text, was jsonb, "is" jsonb) language sql as $$ select * from meshhook_engine.diff($1, $2) $$;
select is_empty($$select * from pg_temp.rows('{"a": [1, {"b": 2}]}', '{"a": [1, {"b": 2}]}')$$, 'the same');
select results_eq($$select * from pg_temp.rows('{"a": 1, "b": 2, "c": {"d": 3}}', '{"a": 1, "b": 3, "c": {"e": 4}}')$$,
  $$values ('replace', '/b', '2'::jsonb, '3'::jsonb), ('remove', '/c/d', '3', null), ('add', '/c/e', null, '4')$$, 'objects');
select results_eq($$select * from pg_temp.rows('{"a": [1, 2, 3]}', '{"a": [1, 5]}')$$, $$values ('replace', '/a/1', '2'::jsonb, '5'::jsonb), ('remove', '/a/2', '3', null)$$, 'arrays');
select results_eq($$select * from pg_temp.rows('{"a": [1]}', '{"a": {"0": 1}}')$$, $$values ('replace', '/a', '[1]'::jsonb, '{"0": 1}'::jsonb)$$, 'another type');
select results_eq($$select * from pg_temp.rows('{"a": null}', '{"a": 1, "b": null}')$$, $$values ('replace', '/a', 'null'::jsonb, '1'::jsonb), ('add', '/b', null, 'null')$$, 'null is a value');
select results_eq($$select op, path from pg_temp.rows('{"x/y": 1}', '{"x~y": 1}')$$, $$values ('add', '/x~0y'), ('remove', '/x~1y')$$, 'keys are escaped');
select results_eq($$select * from pg_temp.rows('{"edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]}', '{"edges": [{"from": "x", "to": "a"}, {"from": "b", "to": "c"}, {"from": "a", "to": "b"}]}')$$,
  $$values ('add', '/edges/0', null::jsonb, '{"from": "x", "to": "a"}'::jsonb)$$, 'one more edge is one row');
select results_eq($$select op, path from pg_temp.rows('{"edges": [1, 2]}', '{"edges": [2, 1]}')$$, $$values ('replace', '/edges')$$, 'another order of edges');
create function pg_temp.d(expr text, ui int) returns jsonb language sql as $$
  select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'ui', jsonb_build_object('x', ui), 'edges', '[{"from": "trigger", "to": "a"}]'::jsonb,
    'nodes', jsonb_build_object('a', jsonb_build_object('type', 'transform', 'with', jsonb_build_object('expr', expr))))
$$;
select lives_ok($$select meshhook.create_project('diff-test'), meshhook.publish('diff-test', 'flow', pg_temp.d('input', 1)), meshhook.publish('diff-test', 'flow', pg_temp.d('input.a', 2))$$);
select results_eq($$select * from meshhook.diff('diff-test', 'flow', 1, 2)$$, $$values ('replace', '/nodes/a/with/expr', '"input"'::jsonb, '"input.a"'::jsonb)$$, 'of two versions');
select lives_ok($$select meshhook.save_draft('diff-test', 'flow', pg_temp.d('input.b', 3))$$);
select results_eq($$select path, was, "is" from meshhook.diff('diff-test', 'flow', 2, null)$$, $$values ('/nodes/a/with/expr', '"input.a"'::jsonb, '"input.b"'::jsonb)$$, 'of a version and the draft');
select * from finish();
rollback;
