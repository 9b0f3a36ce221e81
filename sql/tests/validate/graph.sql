-- Edges: dangling, duplicate, through ports that are not there; cycles by name; what no path leads to; no start.
begin;
select plan(14);
create function pg_temp.problems(nodes jsonb, edges jsonb) returns table (code text, path text, node text, message text) language sql as $$
  select code, path, node, message from meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'a', 'nodes', nodes, 'edges', edges))
$$;
create function pg_temp.pass(variadic ids text[]) returns jsonb language sql as $$
  select jsonb_object_agg(id, '{"type": "transform", "with": {"expr": "input"}}'::jsonb) from unnest(ids) id
$$;
select is_empty($$select * from pg_temp.problems(pg_temp.pass('a', 'b'), '[{"from": "trigger", "to": "a"}, {"from": "a", "to": "b"}]')$$, 'a right graph');
select set_eq($$select code, path, node from pg_temp.problems(pg_temp.pass('a'), '[]')$$, $$values ('MH_DEF_NO_START', '/edges', null::text)$$, 'no start edge');
select set_eq($$select code, path, message from pg_temp.problems(pg_temp.pass('a'), '[{"from": "trigger", "to": "a"}, {"from": "x", "to": "y"}]')$$,
  $$values ('MH_DEF_EDGE_DANGLING', '/edges/1/from', 'there is no node "x"'), ('MH_DEF_EDGE_DANGLING', '/edges/1/to', 'there is no node "y"')$$, 'dangling at both ends');
select set_eq($$select code, path from pg_temp.problems(pg_temp.pass('a'), '[{"from": "trigger", "to": "a"}, {"from": "a", "to": "trigger"}]')$$,
  $$values ('MH_DEF_EDGE_DANGLING', '/edges/1/to')$$, 'back to the trigger');
select set_eq($$select code, path, node from pg_temp.problems(pg_temp.pass('a', 'b'),
  '[{"from": "trigger", "to": "a"}, {"from": "a", "to": "b"}, {"from": "a", "to": "b", "port": "out"}, {"from": "a", "to": "b", "port": "error"}]')$$,
  $$values ('MH_DEF_EDGE_DUPLICATE', '/edges/2', 'a')$$, 'duplicate, though the port is only implied');
select set_eq($$select code, path, node, message from pg_temp.problems(pg_temp.pass('a', 'b'), '[{"from": "trigger", "to": "a"}, {"from": "a", "port": "yes", "to": "b"}]')$$,
  $$values ('MH_DEF_EDGE_PORT', '/edges/1/port', 'a', '"a" has no port "yes"; it has out, error')$$, 'unknown port');
select set_eq($$select code, path, message from pg_temp.problems('{"a": {"type": "terminate"}, "b": {"type": "terminate"}}', '[{"from": "trigger", "to": "a"}, {"from": "a", "to": "b"}]')$$,
  $$values ('MH_DEF_EDGE_PORT', '/edges/1', '"a" ends the run: no edge leaves it')$$, 'an edge out of a terminate');
select results_eq($$select code, message from pg_temp.problems(pg_temp.pass('s', 'b', 'a', 'c', 'x', 'y', 'z'),
  '[{"from": "trigger", "to": "s"}, {"from": "s", "to": "b"}, {"from": "a", "to": "b"}, {"from": "b", "to": "c"}, {"from": "c", "to": "a"},
    {"from": "s", "to": "x"}, {"from": "x", "to": "x"}, {"from": "x", "to": "y"}, {"from": "y", "to": "z"}, {"from": "z", "to": "y"}]')$$,
  $$values ('MH_DEF_CYCLE', 'a run would go round in circles: a -> b -> c -> a'), ('MH_DEF_CYCLE', 'a run would go round in circles: x -> x'),
    ('MH_DEF_CYCLE', 'a run would go round in circles: y -> z -> y')$$, 'cycles by name, each one');
select set_eq($$select code, path, node from pg_temp.problems(pg_temp.pass('a', 'b', 'c'), '[{"from": "trigger", "to": "a"}, {"from": "b", "to": "c"}]')$$,
  $$values ('MH_DEF_UNREACHABLE', '/nodes/b', 'b'), ('MH_DEF_UNREACHABLE', '/nodes/c', 'c')$$, 'unreachable, and what only it reaches');
select set_eq($$select code, path from pg_temp.problems(pg_temp.pass('a'), '[{"from": "trigger", "to": "a"}, 7, {"from": 1, "to": "a", "via": "x"}, {}]')$$,
  $$values ('MH_DEF_TYPE', '/edges/1'), ('MH_DEF_TYPE', '/edges/2/from'), ('MH_DEF_UNKNOWN_KEY', '/edges/2/via'), ('MH_DEF_MISSING', '/edges/3/from'), ('MH_DEF_MISSING', '/edges/3/to')$$,
  'edges that are none');
-- The graph itself.
select is((select order_of from meshhook_engine.graph(4, '{0,3,3,1,2}', '{3,1,2,4,4}')), '{3,1,2,4}', 'ties by number');
select is((select before from meshhook_engine.graph(3, '{0,1,2}', '{1,2,3}')), array[b'1000', b'1100', b'1110']::bit varying[], 'who comes before whom');
select is((select order_of from meshhook_engine.graph(0, '{}', '{}')), '{}', 'nothing');
select is((select cardinality(order_of) from (select array_agg(i - 1) f, array_agg(i) t from generate_series(1, 500) i) e, meshhook_engine.graph(500, f, t)), 500, 'a long chain');
select * from finish();
rollback;
