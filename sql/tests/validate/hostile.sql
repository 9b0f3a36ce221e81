-- Whatever is passed as a definition: problems, never an exception.
begin;
select plan(19);
select is((select array_agg(code) from meshhook.validate(v)), '{MH_DEF_TYPE}', 'not an object: ' || coalesce(v::text, 'SQL null'))
from unnest(array['[]', '"x"', '7', 'true', 'null', null]::jsonb[]) v;
select is((select array_agg(distinct code) from meshhook.validate('{}')), '{MH_DEF_MISSING,MH_DEF_NO_START}', 'an empty object');
select set_eq(
  $$select code, path from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "a", "nodes": [], "edges": {}}')$$,
  $$values ('MH_DEF_TYPE', '/nodes'), ('MH_DEF_TYPE', '/edges'), ('MH_DEF_NO_START', '/edges')$$,
  'nodes a list, edges a map');
select is(
  (select array_agg(code order by code) from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "a", "nodes": {"a": [], "b": null, "c": {"type": 1}}, "edges": []}')),
  '{MH_DEF_NO_START,MH_DEF_TYPE,MH_DEF_TYPE,MH_DEF_TYPE}', 'nodes that are no objects');
select ok(
  (select array_agg(code) from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "a",
    "nodes": {"__proto__": {"type": "constructor", "__proto__": {}}, "": {"type": "transform", "with": {"expr": "`1`"}}, "a/b~c": {}}, "edges": []}'))
  @> '{MH_DEF_NODE_ID,MH_DEF_NODE_TYPE,MH_DEF_UNKNOWN_KEY,MH_DEF_MISSING}', 'odd names');
select is(
  (select path from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "a", "nodes": {"a/b~c": {}}, "edges": []}') where code = 'MH_DEF_NODE_ID'),
  '/nodes/a~1b~0c', 'pointers are escaped');
select is((select array_agg(code) from meshhook.validate((repeat('{"a":', 2000) || '1' || repeat('}', 2000))::jsonb)), '{MH_DEF_TOO_DEEP}', 'deep nesting');
select is((select array_agg(code) from meshhook.validate(jsonb_build_object('ui', repeat('x', 1048576)))), '{MH_DEF_TOO_LARGE}', 'a megabyte');
select cmp_ok((select count(*) from meshhook.validate(jsonb_build_object('edges', (select jsonb_agg(i) from generate_series(1, 50000) i)))), '<=', 1001::bigint,
  'the list of problems has an end');
select lives_ok($$select meshhook.validate(jsonb_build_object('apiVersion', 1e1000, 'name', 1e1000, 'nodes', jsonb_build_object('a', jsonb_build_object(
  'type', 'http_call', 'with', jsonb_build_object('url', 1e1000, 'response', jsonb_build_object('max_bytes', 1e1000, 'redirects', -0.5, 'ok', 1e1000)),
  'retry', jsonb_build_object('max_attempts', 1e1000, 'factor', -1e1000, 'base', 1e1000, 'on', '{}'::jsonb)))))$$, 'numbers beyond every bound');
select is((select array[count(*), count(*) filter (where severity = 'error')] from meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'a', 'nodes',
  (select jsonb_object_agg('n' || i, jsonb_build_object('type', 'branch', 'with', jsonb_build_object('cases', '[{"port": "p", "when": "a"}, {"port": "q", "when": "b"}]'::jsonb))) from generate_series(1, 500) i),
  'edges', (select jsonb_agg(jsonb_build_object('from', 'trigger', 'to', 'n' || i)) from generate_series(1, 501) i)))), '{1001,1}', 'no error is lost among warnings');
-- Every kind of value in every place of a definition that is right otherwise.
create temp table whole as select '{"apiVersion": "meshhook/v1", "name": "a", "title": "t", "input": {"schema": {}}, "policy": {"deadline": "1h", "redact": ["a"], "retention": "9d",
  "concurrency": {"key": "run.id", "limit": 1, "on_limit": "queue"}}, "respond": {"mode": "ack", "timeout": "1s"}, "ui": {}, "pins": {},
  "nodes": {"t": {"type": "transform", "title": "t", "join": "any", "on_error": "continue", "with": {"expr": "input"}},
    "b": {"type": "branch", "with": {"cases": [{"port": "p", "when": "input"}], "default": "q", "match": "all"}},
    "h": {"type": "http_call", "timeout": "1s", "retry": {"on": ["5xx"], "base": "1s"}, "breaker": {"key": "k"}, "with": {"url": "https://a.example/", "method": "POST",
      "headers": {"x": "y"}, "query": {"a": ["b"]}, "body": {"c": "{{ input }}"}, "auth": {"type": "bearer", "token": "{{ secrets.t }}"}, "sign": {"secret": "{{ secrets.s }}"},
      "response": {"ok": ["2xx"], "as": "json"}, "idempotency_key": "k"}},
    "d": {"type": "delay", "with": {"for": "1s"}}, "z": {"type": "terminate", "with": {"status": "failed", "output": 1, "reason": "r"}}},
  "edges": [{"from": "trigger", "to": "t"}, {"from": "t", "to": "b", "port": "out"}, {"from": "b", "port": "p", "to": "h"}, {"from": "h", "to": "d"}, {"from": "d", "to": "z"}]}'::jsonb as d;
create temp table places as
  with recursive walk (path, value) as (
    select '{}'::text[], d from whole
    union all
    select w.path || c.key, c.value from walk w cross join lateral (
      select key, value from jsonb_each(case jsonb_typeof(w.value) when 'object' then w.value end)
      union all select (ordinality - 1)::text, value from jsonb_array_elements(case jsonb_typeof(w.value) when 'array' then w.value end) with ordinality) c
    where jsonb_typeof(w.value) in ('object', 'array'))
  select path from walk where path <> '{}';
select is((select count(*) from whole, meshhook.validate(d) where severity = 'error'), 0::bigint, 'the whole definition is right');
select cmp_ok((select count(*) from places), '>', 80::bigint, 'it has many places');
select lives_ok($$
  select count(*) from whole, places, unnest(array['null', '[]', '{}', '"x"', '7', 'true', '[null, [[]]]', '{"a": {"a": null}}', '"{{ {{ }}"', '"a.b["']::jsonb[]) v,
    meshhook.validate(jsonb_set(d, path, v))$$, 'any value in any place');
select * from finish();
rollback;
