-- What each node type takes.
begin;
select plan(38);
create function pg_temp.problems(node jsonb) returns table (code text, path text) language sql as $$
  select code, replace(path, '/nodes/n', '') from meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'a', 'nodes', jsonb_build_object('n', node),
    'edges', '[{"from": "trigger", "to": "n"}]'::jsonb))
$$;
create function pg_temp.says(node jsonb, variadic codes text[]) returns text language sql as $$
  select is((select coalesce(array_agg(code || path order by code, path), '{}') from pg_temp.problems(node)), codes, left(node::text, 120))
$$;
create function pg_temp.fine(node jsonb) returns text language sql as $$ select is_empty(format('select * from pg_temp.problems(%L)', node), left(node::text, 120)) $$;
create function pg_temp.call(with_more jsonb, node_more jsonb default '{}') returns jsonb language sql as $$
  select '{"type": "http_call"}'::jsonb || jsonb_build_object('with', '{"url": "https://a.example/x"}'::jsonb || with_more) || node_more
$$;
select pg_temp.says('{"type": "transform"}', 'MH_DEF_MISSING/with');
select pg_temp.says('{"type": "transform", "with": {}}', 'MH_DEF_ONE_OF/with');
select pg_temp.says('{"type": "transform", "with": {"expr": "input", "template": 1}}', 'MH_DEF_ONE_OF/with');
select pg_temp.says('{"type": "transform", "with": {"expr": 1}, "retry": {}}', 'MH_DEF_TYPE/with/expr', 'MH_DEF_UNKNOWN_KEY/retry');
select pg_temp.says('{"type": "transform", "with": {"template": null}, "join": "some", "on_error": "ignore"}', 'MH_DEF_CHOICE/join', 'MH_DEF_CHOICE/on_error');
select pg_temp.says('{"type": "each", "with": {}}', 'MH_DEF_MISSING/with/do', 'MH_DEF_MISSING/with/items');
select pg_temp.fine('{"type": "respond"}');
select pg_temp.says('{"type": "transform@2"}', 'MH_DEF_NODE_TYPE/type');
select pg_temp.says('{"type": "branch", "with": {"cases": []}}', 'MH_DEF_BRANCH_DEFAULT/with', 'MH_DEF_RANGE/with/cases');
select pg_temp.says('{"type": "branch", "with": {"cases": [{"port": "a", "when": "input"}, {"port": "a", "when": "input"}, {"port": "error", "when": "input"}, {"port": "No", "when": 1}, {"x": 1}, 2],
    "default": "out", "match": "any"}}',
  'MH_DEF_BRANCH_PORT/with/cases/1/port', 'MH_DEF_BRANCH_PORT/with/cases/2/port', 'MH_DEF_BRANCH_PORT/with/cases/3/port', 'MH_DEF_BRANCH_PORT/with/default', 'MH_DEF_CHOICE/with/match',
  'MH_DEF_MISSING/with/cases/4/port', 'MH_DEF_MISSING/with/cases/4/when', 'MH_DEF_TYPE/with/cases/3/when', 'MH_DEF_TYPE/with/cases/5', 'MH_DEF_UNKNOWN_KEY/with/cases/4/x');
select pg_temp.fine('{"type": "branch", "with": {"cases": [{"port": "a", "when": "input"}], "default": "a"}}');
select pg_temp.says(jsonb_build_object('type', 'branch', 'with', jsonb_build_object('default', 'd', 'cases',
  (select jsonb_agg(jsonb_build_object('port', 'p' || i, 'when', 'input')) from generate_series(1, 101) i))), 'MH_DEF_TOO_MANY_CASES/with/cases');
select pg_temp.says('{"type": "delay", "with": {"for": "1 hour"}}', 'MH_DEF_DURATION/with/for');
select pg_temp.says('{"type": "delay", "with": {"for": 5}}', 'MH_DEF_TYPE/with/for');
select pg_temp.says('{"type": "delay", "with": {"for": "0s"}}', 'MH_DEF_RANGE/with/for');
select pg_temp.says('{"type": "delay", "with": {"for": "1h", "until": "input"}}', 'MH_DEF_ONE_OF/with');
select pg_temp.fine('{"type": "delay", "with": {"for": "{{ input.wait }}"}}');
select pg_temp.fine('{"type": "terminate"}');
select pg_temp.says('{"type": "terminate", "with": {"status": "done", "reason": 1}}', 'MH_DEF_CHOICE/with/status', 'MH_DEF_TYPE/with/reason');
select pg_temp.says('{"type": "http_call", "with": {}}', 'MH_DEF_MISSING/with/url');
select pg_temp.says(pg_temp.call('{"url": "ftp://a.example/"}'), 'MH_DEF_URL_SCHEME/with/url');
select pg_temp.says(pg_temp.call('{"url": "javascript:alert(1)"}'), 'MH_DEF_URL_SCHEME/with/url');
select pg_temp.says(pg_temp.call('{"url": "/orders"}'), 'MH_DEF_URL/with/url');
select pg_temp.says(pg_temp.call('{"url": "https://"}'), 'MH_DEF_URL/with/url');
select pg_temp.says(pg_temp.call('{"url": "https://me:pw@a.example/"}'), 'MH_DEF_URL/with/url');
select pg_temp.says(pg_temp.call('{"url": "https://a.example/a b"}'), 'MH_DEF_URL/with/url');
select pg_temp.fine(pg_temp.call('{"url": "{{ vars.base }}/x"}'));
select pg_temp.fine(pg_temp.call('{"url": "http{{ vars.rest }}"}'));
select pg_temp.says(pg_temp.call('{"url": "//{{ vars.host }}/"}'), 'MH_DEF_URL/with/url');
select pg_temp.says(pg_temp.call('{"method": "FETCH"}'), 'MH_DEF_METHOD/with/method');
select pg_temp.says(pg_temp.call('{"headers": {"X-A": "1", "x-a": "2", "Host": "b", "a b": "1", "n": 1, "o": {}, "l": "a\nb"}}'),
  'MH_DEF_HEADER/with/headers/Host', 'MH_DEF_HEADER/with/headers/a b', 'MH_DEF_HEADER/with/headers/l', 'MH_DEF_HEADER/with/headers/x-a', 'MH_DEF_TYPE/with/headers/o');
select pg_temp.says(pg_temp.call('{"query": {"a": {"b": 1}, "c": [1, "2"], "d": [[]]}}'), 'MH_DEF_TYPE/with/query/a', 'MH_DEF_TYPE/with/query/d');
select pg_temp.says(pg_temp.call('{"response": {"as": "xml", "max_bytes": 16777217, "ok": ["2xx", "600", 200], "redirects": 1.5, "x": 1}}'),
  'MH_DEF_CHOICE/with/response/as', 'MH_DEF_RANGE/with/response/max_bytes', 'MH_DEF_STATUS/with/response/ok/1', 'MH_DEF_STATUS/with/response/ok/2',
  'MH_DEF_TYPE/with/response/redirects', 'MH_DEF_UNKNOWN_KEY/with/response/x');
select pg_temp.says(pg_temp.call('{}', '{"timeout": "6m", "retry": {"max_attempts": 101, "base": "10m", "cap": "5m", "factor": 0.5, "jitter": "some", "on": ["5xx", "moon"]}}'),
  'MH_DEF_CHOICE/retry/jitter', 'MH_DEF_RANGE/retry/factor', 'MH_DEF_RANGE/retry/max_attempts', 'MH_DEF_RANGE/timeout', 'MH_DEF_RETRY/retry', 'MH_DEF_STATUS/retry/on/1');
select pg_temp.says(pg_temp.call('{}', '{"breaker": {"failures": 0}}'), 'MH_DEF_RANGE/breaker/failures');
select pg_temp.says(pg_temp.call('{"auth": {"type": "digest"}, "sign": {}}'), 'MH_DEF_CHOICE/with/auth/type', 'MH_DEF_MISSING/with/sign/secret');
select pg_temp.says(pg_temp.call('{"auth": {"type": "basic", "username": "u", "password": "in plain text"}}'), 'MH_DEF_SECRET_LITERAL/with/auth/password');
select pg_temp.says(pg_temp.call('{"auth": {"type": "api_key", "name": "a b", "value": "{{ secrets.k }}", "token": 1}}'), 'MH_DEF_HEADER/with/auth/name', 'MH_DEF_SECRET_LITERAL/with/auth/token', 'MH_DEF_UNKNOWN_KEY/with/auth/token');
select * from finish();
rollback;
