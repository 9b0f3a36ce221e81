-- http_call: checks and compiles its `with`, and retry and breaker of the node. Secrets may stand in url, headers,
-- query, body, auth and sign; the url is a template of its own, because what goes into it is percent-encoded.
-- Called by: define_node.
create or replace function meshhook_engine.define_http_call(
  p_with jsonb, p_path text, p_node text, p_definition jsonb,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_base  text := left(p_path, -5);  -- the node itself: /nodes/id
  v_read  record;
  v_url   jsonb;
  v_refs  jsonb;  -- the url's
  v_rest  jsonb;
  v_key   text;
  v_breaker record;
  v_retry jsonb := p_definition -> 'retry';
begin
  ports := '["out", "error"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{
    "method": {"is": "any"}, "url": {"is": "any"}, "headers": {"is": "object"}, "query": {"is": "object"}, "body": {"is": "any"},
    "auth": {"is": "object"}, "response": {"is": "object"}, "sign": {"is": "object"}, "idempotency_key": {"is": "text", "max": 2000}}', p_path, p_node, '{url}');
  if p_definition ? 'retry' then
    problems := problems || meshhook_engine.check_retry(v_retry, v_base || '/retry', p_node);
  end if;
  v_breaker := meshhook_engine.define_breaker(p_definition -> 'breaker', v_base || '/breaker', p_node);
  problems := problems || v_breaker.problems;
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;

  if p_with ? 'method' and not coalesce(p_with ->> 'method' in ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'), false) then
    problems := problems || meshhook_engine.problem('MH_DEF_METHOD', p_path || '/method', p_node,
      format('%s is not one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', meshhook_engine.quote(p_with -> 'method')));
  end if;
  if p_with ? 'url' then
    problems := problems || meshhook_engine.check_url(p_with -> 'url', p_path || '/url', p_node);
    if jsonb_typeof(p_with -> 'url') = 'string' then
      select * into v_read from meshhook_engine.read_template(p_with -> 'url', p_path || '/url', p_node, true, true);
      v_url := v_read.template;
      v_refs := v_read.refs;
      uses := uses || jsonb_build_object('path', p_path || '/url', 'refs', v_refs);
      problems := problems || v_read.problems;
    end if;
  end if;
  if jsonb_typeof(p_with -> 'headers') = 'object' then
    problems := problems || meshhook_engine.check_headers(p_with -> 'headers', p_path || '/headers', p_node);
  end if;
  if jsonb_typeof(p_with -> 'query') = 'object' then
    for v_key in
      select key from jsonb_each(p_with -> 'query')
      where jsonb_typeof(value) in ('object', 'null')
         or jsonb_typeof(value) = 'array' and value @? 'strict $[*] ? (@.type() == "object" || @.type() == "array" || @.type() == "null")'
      limit 50
    loop
      problems := problems || meshhook_engine.problem('MH_DEF_TYPE', meshhook_engine.pointer(p_path || '/query', v_key), p_node,
        'a query value is a string, a number, true or false, or an array of these');
    end loop;
  end if;
  if p_with ? 'auth' or p_with ? 'sign' then
    problems := problems || meshhook_engine.check_auth(
      case jsonb_typeof(p_with -> 'auth') when 'object' then p_with -> 'auth' end,
      case jsonb_typeof(p_with -> 'sign') when 'object' then p_with -> 'sign' end, p_path, p_node);
  end if;
  if jsonb_typeof(p_with -> 'response') = 'object' then
    problems := problems || meshhook_engine.check_fields(p_with -> 'response', '{
      "as": {"is": "choice", "of": ["auto", "json", "text", "base64"]}, "max_bytes": {"is": "int", "min": 1, "max": 16777216},
      "ok": {"is": "array", "max": 100}, "redirects": {"is": "int", "min": 0, "max": 10}}', p_path || '/response', p_node)
      || meshhook_engine.check_statuses(p_with #> '{response,ok}', '{}', p_path || '/response/ok', p_node);
  end if;

  v_rest := jsonb_build_object('method', coalesce(p_with -> 'method', '"GET"')) || (p_with - array['url', 'response']);
  select * into v_read from meshhook_engine.read_template(v_rest, p_path, p_node, true);
  uses := uses || jsonb_build_object('path', p_path, 'refs', v_read.refs);
  problems := problems || v_read.problems;
  if strpos(p_with ->> 'idempotency_key', 'secrets') > 0 and v_read.problems = '{}' then
    problems := problems || (meshhook_engine.read_template(p_with -> 'idempotency_key', p_path || '/idempotency_key', p_node)).problems;
  end if;

  compiled := jsonb_build_object(
    'request', jsonb_build_object('url', v_url, 'rest', v_read.template),
    'secret', coalesce(v_refs -> 'secret_names', '[]') <> '[]' or coalesce(v_read.refs -> 'secret_names', '[]') <> '[]',
    'timeout_ms', coalesce(meshhook_engine.parse_duration(p_definition ->> 'timeout'), 30000),
    'connect_ms', 5000,
    'response', '{"as": "auto", "max_bytes": 1048576, "ok": ["2xx"], "redirects": 0}'::jsonb
      || case jsonb_typeof(p_with -> 'response') when 'object' then p_with -> 'response' else '{}' end,
    'breaker', v_breaker.compiled,
    'retry', jsonb_build_object(
      'max_attempts', coalesce(v_retry -> 'max_attempts', '5'),
      'base_ms', coalesce(meshhook_engine.parse_duration(v_retry ->> 'base'), 1000),
      'factor', coalesce(v_retry -> 'factor', '2'),
      'cap_ms', coalesce(meshhook_engine.parse_duration(v_retry ->> 'cap'), 300000),
      'jitter', coalesce(v_retry -> 'jitter', '"full"'),
      'max_elapsed_ms', meshhook_engine.parse_duration(v_retry ->> 'max_elapsed'),
      'on', coalesce(v_retry -> 'on', '["network", "timeout", "429", "5xx"]')));
end $$;
