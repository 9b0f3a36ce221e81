-- The compiled form: what the engine reads.
begin;
select plan(24);
create temp table c as select meshhook_engine.compile('{
  "apiVersion": "meshhook/v1", "name": "a", "policy": {"deadline": "1h"}, "respond": {"mode": "wait", "timeout": "5s"},
  "nodes": {
    "zed": {"type": "transform", "with": {"expr": "trigger.body"}},
    "alpha": {"type": "transform", "with": {"template": {"v": "{{ vars.x }}", "w": "{{ input }}"}}, "join": "any", "on_error": "continue"},
    "fork": {"type": "branch", "with": {"cases": [{"port": "one", "when": "steps.zed.a"}, {"port": "two", "when": "run.id"}], "match": "all"}},
    "call": {"type": "http_call", "with": {"url": "https://a.example/{{ steps.alpha.v }}", "headers": {"k": "{{ secrets.k }}"}, "response": {"redirects": 3}}, "retry": {"max_attempts": 2, "max_elapsed": "1h"}},
    "plain": {"type": "http_call", "with": {"url": "https://a.example/"}, "timeout": "1s"},
    "nap": {"type": "delay", "with": {"for": "1m30s"}}, "until": {"type": "delay", "with": {"until": "steps.zed.at"}}, "some": {"type": "delay", "with": {"for": "{{ input.t }}"}},
    "end": {"type": "terminate", "with": {"status": "failed", "reason": "no {{ steps.zed.a }}"}}, "stop": {"type": "terminate"}},
  "edges": [{"from": "trigger", "to": "zed"}, {"from": "trigger", "to": "alpha"}, {"from": "zed", "to": "fork"}, {"from": "alpha", "to": "fork"}, {"from": "fork", "port": "two", "to": "end"},
    {"from": "fork", "port": "one", "to": "call"}, {"from": "fork", "port": "one", "to": "nap"}, {"from": "call", "to": "until"}, {"from": "nap", "to": "some"}, {"from": "some", "to": "stop"}, {"from": "until", "to": "plain"}]}') as d;
create function pg_temp.node(id text) returns jsonb language sql as $$ select n from c, jsonb_array_elements(d -> 'nodes') n where n ->> 'id' = $1 $$;
select is((select array_agg(n ->> 'id' order by o) from c, jsonb_array_elements(d -> 'nodes') with ordinality x (n, o)),
  '{alpha,zed,fork,call,end,nap,some,stop,until,plain}', 'topological, ties by id in byte order');
select is(d -> 'edges', '[[-1, 1, "out"], [-1, 0, "out"], [1, 2, "out"], [0, 2, "out"], [2, 4, "two"], [2, 3, "one"], [2, 5, "one"], [3, 8, "out"], [5, 6, "out"], [6, 7, "out"], [8, 9, "out"]]',
  'edges as indexes, in the order of the definition') from c;
select is(d -> 'start', '[0, 1]', 'start') from c;
select is(d -> 'ends', '[4, 7, 9]', 'ends') from c;
select is(d -> 'engine', '1', 'engine') from c;
select is(d -> 'policy', '{"deadline_ms": 3600000}', 'policy') from c;
select is(d -> 'respond', '{"mode": "wait", "timeout_ms": 5000}', 'respond') from c;
select is(d -> 'input', 'null', 'input') from c;
select is(array[d -> 'pure', d -> 'uses_vars'], '{false,true}'::jsonb[], 'pure, uses_vars') from c;
select is(pg_temp.node('fork') -> 'in', '[2, 3]', 'in');
select is(pg_temp.node('fork') -> 'out', '{"one": [5, 6], "two": [4]}', 'out');
select is(pg_temp.node('fork') -> 'next', '[[4, 4, "two"], [5, 3, "one"], [6, 5, "one"]]', 'next');
select is(pg_temp.node('fork') -> 'needs', '{"trigger": false, "input": false, "run": true, "vars": false, "steps": ["zed"]}', 'needs of all cases');
select is(pg_temp.node('alpha') -> 'needs', '{"trigger": false, "input": true, "run": false, "vars": true, "steps": []}', 'needs of a template');
select is(array[pg_temp.node('alpha') ->> 'join', pg_temp.node('alpha') ->> 'on_error', pg_temp.node('zed') ->> 'join', pg_temp.node('zed') ->> 'on_error'], '{any,continue,all,fail}', 'join and on_error');
select is(array[pg_temp.node('fork') -> 'match', pg_temp.node('fork') -> 'default'], '{"\"all\"","null"}'::jsonb[], 'branch');
select is(pg_temp.node('call') -> 'retry', '{"max_attempts": 2, "base_ms": 1000, "factor": 2, "cap_ms": 300000, "jitter": "full", "max_elapsed_ms": 3600000, "on": ["network", "timeout", "429", "5xx"]}', 'retry with defaults');
select is(pg_temp.node('call') -> 'response', '{"as": "auto", "max_bytes": 1048576, "ok": ["2xx"], "redirects": 3}', 'response with defaults');
select is(array[pg_temp.node('call') -> 'secret', pg_temp.node('plain') -> 'secret', pg_temp.node('call') -> 'timeout_ms', pg_temp.node('plain') -> 'timeout_ms', pg_temp.node('plain') -> 'connect_ms'],
  '{true,false,30000,1000,5000}'::jsonb[], 'secret and timeouts');
select is(meshhook_expr.render(pg_temp.node('plain') #> '{request,rest}', '{}'), '{"method": "GET"}', 'the request apart from its url');
select is(meshhook_expr.render(pg_temp.node('call') #> '{request,url}', '{"steps": {"alpha": {"v": "a/b"}}}'), '"https://a.example/a%2Fb"', 'the url');
select is(pg_temp.node('nap') -> 'for_ms', '90000', 'delay');
select is(array[pg_temp.node('end') -> 'status', pg_temp.node('end') -> 'output', pg_temp.node('stop') -> 'status'], '{"\"failed\"","null","\"succeeded\""}'::jsonb[], 'terminate');
select throws_like($$select meshhook_engine.compile('{"apiVersion": "meshhook/v1"}')$$, 'MH_DEF_INVALID: %', 'no compiled form of a wrong definition');
select * from finish();
rollback;
