-- The parts around nodes and edges, the limits, and the example of the documentation.
begin;
select plan(15);
create function pg_temp.problems(more jsonb) returns table (severity text, code text, path text, message text) language sql as $$
  select severity, code, path, message from meshhook.validate('{"apiVersion": "meshhook/v1", "name": "a", "nodes": {"n": {"type": "terminate"}}, "edges": [{"from": "trigger", "to": "n"}]}'::jsonb || more)
$$;
select is_empty($$select * from pg_temp.problems('{}')$$, 'the smallest definition');
select set_eq($$select code, path from pg_temp.problems('{"apiVersion": "meshhook/v2", "name": "Order Paid", "title": 1, "description": "", "ui": [], "pins": 1}')$$,
  $$values ('MH_DEF_API_VERSION', '/apiVersion'), ('MH_DEF_NAME', '/name'), ('MH_DEF_TYPE', '/title'), ('MH_DEF_UNKNOWN_KEY', '/description'), ('MH_DEF_TYPE', '/ui'), ('MH_DEF_TYPE', '/pins')$$,
  'the top');
select set_eq($$select code, path from pg_temp.problems('{"respond": {"mode": "later", "timeout": "2m", "x": 1}}')$$,
  $$values ('MH_DEF_CHOICE', '/respond/mode'), ('MH_DEF_RANGE', '/respond/timeout'), ('MH_DEF_UNKNOWN_KEY', '/respond/x')$$, 'respond');
select set_eq($$select severity, code, path from pg_temp.problems('{"policy": {"deadline": "soon", "concurrency": {"key": "a ||", "limit": 0, "on_limit": "wait"}, "retention": "1s", "redact": ["a.", 1]}}') where code not like 'MH_EXPR%'$$,
  $$values ('error', 'MH_DEF_DURATION', '/policy/deadline'), ('error', 'MH_DEF_RANGE', '/policy/concurrency/limit'), ('error', 'MH_DEF_CHOICE', '/policy/concurrency/on_limit'),
    ('error', 'MH_DEF_RANGE', '/policy/retention'), ('error', 'MH_DEF_TYPE', '/policy/redact/1'),
    ('warning', 'MH_DEF_NOT_ENFORCED', '/policy/retention'), ('warning', 'MH_DEF_NOT_ENFORCED', '/policy/redact')$$, 'policy');
select set_eq($$select path from pg_temp.problems('{"policy": {"concurrency": {"key": "a ||"}, "redact": ["a."]}}') where code like 'MH_EXPR%'$$,
  $$values ('/policy/concurrency/key'), ('/policy/redact/0')$$, 'expressions in policy');
select set_eq($$select code, path from pg_temp.problems('{"policy": {"concurrency": {"key": "steps.n"}}}') where severity = 'error'$$,
  $$values ('MH_DEF_REF_ORDER', '/policy/concurrency/key')$$, 'a key before any step');
select set_eq($$select severity, code, path from pg_temp.problems('{"input": {"schema": 7, "x": 1}}')$$,
  $$values ('error', 'MH_DEF_SCHEMA', '/input/schema'), ('error', 'MH_DEF_UNKNOWN_KEY', '/input/x')$$, 'input');
select is_empty($$select * from pg_temp.problems('{"policy": {"deadline": "1d"}, "respond": {"mode": "wait", "timeout": "60s"}, "title": "t"}')$$, 'what this version does');
-- Limits.
create function pg_temp.chain(n int) returns jsonb language sql as $$
  select jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'chain',
    'nodes', (select jsonb_object_agg('n' || i, jsonb_build_object('type', 'transform', 'with', jsonb_build_object('expr', 'input'))) from generate_series(1, n) i),
    'edges', (select jsonb_agg(jsonb_build_object('from', case i when 1 then 'trigger' else 'n' || i - 1 end, 'to', 'n' || i)) from generate_series(1, n) i))
$$;
select is_empty($$select * from meshhook.validate(pg_temp.chain(500))$$, '500 nodes');
select set_eq($$select code, path from meshhook.validate(pg_temp.chain(501))$$, $$values ('MH_DEF_TOO_MANY_NODES', '/nodes')$$, '501 nodes');
select is((select count(distinct meshhook_engine.compile(pg_temp.chain(100)))  from generate_series(1, 3)), 1::bigint, 'compiled the same every time');
select is(jsonb_array_length(meshhook_engine.compile(pg_temp.chain(500)) -> 'nodes'), 500, '500 nodes compile');
-- The example of docs/definition.md.
create temp table example as select '{
  "apiVersion": "meshhook/v1", "name": "order-paid", "title": "Order paid to ERP",
  "input": {"schema": {"type": "object", "required": ["id"]}},
  "nodes": {
    "shape": {"type": "transform", "with": {"expr": "{id: trigger.body.id, total: trigger.body.amount}"}},
    "big": {"type": "branch", "with": {"cases": [{"port": "large", "when": "steps.shape.total > `100`"}], "default": "small"}},
    "post": {"type": "http_call", "with": {"method": "POST", "url": "https://erp.example/orders/{{ steps.shape.id }}",
      "headers": {"Authorization": "Bearer {{ secrets.erp_token }}"}, "body": "{{ steps.shape }}"}, "timeout": "20s",
      "retry": {"max_attempts": 6, "base": "1s", "factor": 2, "cap": "5m", "jitter": "full", "on": ["network", "timeout", "429", "5xx"]},
      "breaker": {"key": "erp", "failures": 5, "open_for": "60s"}},
    "end": {"type": "terminate", "with": {"status": "succeeded", "output": "{{ steps.post.body }}"}}},
  "edges": [{"from": "trigger", "to": "shape"}, {"from": "shape", "to": "big"}, {"from": "big", "port": "large", "to": "post"},
    {"from": "big", "port": "small", "to": "end"}, {"from": "post", "to": "end"}, {"from": "post", "port": "error", "to": "end"}],
  "policy": {"deadline": "24h", "concurrency": {"key": "trigger.body.id", "limit": 1, "on_limit": "queue"}, "retention": "30d",
    "redact": ["trigger.headers.authorization", "trigger.body.card.number"]},
  "respond": {"mode": "ack"}, "ui": {"positions": {"shape": [0, 0]}, "notes": []}}'::jsonb as d;
select set_eq($$select severity, code, path from example, meshhook.validate(d)$$,
  $$values ('warning', 'MH_DEF_NOT_ENFORCED', '/policy/redact'),
    ('warning', 'MH_DEF_NOT_ENFORCED', '/policy/retention')$$, 'the example has only what is not enforced');
-- Everything wrong at once.
select set_eq($$select distinct code from meshhook.validate('{"apiVersion": "v0", "name": "A", "what": 1, "policy": {"deadline": "x", "retention": "2d"}, "respond": {"mode": "x"},
  "nodes": {"trigger": {"type": "terminate"}, "Bad": {"type": "nothing"}, "e": {"type": "call", "with": {}},
    "t": {"type": "transform", "with": {"expr": "a ||"}}, "t2": {"type": "transform", "with": {}}, "t3": {"type": "transform"},
    "b": {"type": "branch", "with": {"cases": [{"port": "error", "when": "foo"}]}},
    "h": {"type": "http_call", "with": {"method": "X", "url": "file:///etc/passwd", "headers": {"a b": "{{ steps.nobody }}"}, "response": {"max_bytes": 0, "ok": ["x"]},
      "auth": {"type": "bearer", "token": "plain"}}, "retry": {"base": "10m"}, "timeout": 5},
    "d": {"type": "delay", "with": {"for": "{{ secrets.a }}"}}, "z": {"type": "terminate", "with": {"output": "{{ steps.h }}"}}, "alone": {"type": "transform", "with": {"expr": "input"}},
    "c1": {"type": "transform", "with": {"expr": "input"}}, "c2": {"type": "transform", "with": {"expr": "input"}}},
  "edges": [{"from": "trigger", "to": "t"}, {"from": "t", "to": "z"}, {"from": "t", "to": "z"}, {"from": "t", "port": "nope", "to": "z"}, {"from": "x", "to": "t"},
    {"from": "c1", "to": "c2"}, {"from": "c2", "to": "c1"}]}')$$,
  $$values ('MH_DEF_API_VERSION'), ('MH_DEF_NAME'), ('MH_DEF_UNKNOWN_KEY'), ('MH_DEF_DURATION'), ('MH_DEF_CHOICE'), ('MH_DEF_NOT_ENFORCED'), ('MH_DEF_NODE_ID'), ('MH_DEF_NODE_TYPE'),
    ('MH_EXPR_SYNTAX'), ('MH_DEF_ONE_OF'), ('MH_DEF_MISSING'), ('MH_DEF_BRANCH_PORT'), ('MH_DEF_BRANCH_DEFAULT'), ('MH_DEF_REF_NAME'), ('MH_DEF_METHOD'),
    ('MH_DEF_URL_SCHEME'), ('MH_DEF_HEADER'), ('MH_DEF_REF_UNKNOWN'), ('MH_DEF_RANGE'), ('MH_DEF_STATUS'), ('MH_DEF_SECRET_LITERAL'), ('MH_DEF_RETRY'), ('MH_DEF_TYPE'), ('MH_DEF_SECRET_PLACE'),
    ('MH_DEF_REF_ORDER'), ('MH_DEF_UNREACHABLE'), ('MH_DEF_EDGE_DUPLICATE'), ('MH_DEF_EDGE_PORT'), ('MH_DEF_EDGE_DANGLING'), ('MH_DEF_CYCLE')$$, 'everything at once');
select is((select array_agg(distinct cardinality(array[severity, code, path, message])) from meshhook.validate('{"apiVersion": 1, "nodes": {"a": {}}}') where message <> '' and path is not null and code ~ '^MH_' and severity in ('error', 'warning')),
  '{4}', 'each problem has all it should have');
select * from finish();
rollback;
