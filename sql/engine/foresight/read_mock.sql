-- One answer of a call as deliver takes results: {response, error, text | base64, takes_ms}. Raises MH_SIMULATE_MOCK.
-- Called by: read_mocks.
create or replace function meshhook_engine.read_mock(p_mock jsonb, p_path text) returns jsonb
language plpgsql immutable as $$
declare
  v_key    text;
  v_status numeric;
  v_class  text := p_mock #>> '{error,class}';
  v_answer jsonb := '{}';
  v_type   text;
begin
  if jsonb_typeof(p_mock) <> 'object' then
    perform meshhook_engine.mock_problem(p_path, format('an answer is an object, got %s', meshhook_engine.quote(p_mock)));
  end if;
  select k into v_key from jsonb_object_keys(p_mock) k
  where k not in ('status', 'headers', 'body', 'text', 'base64', 'error', 'takes') order by k limit 1;
  if v_key is not null then
    perform meshhook_engine.mock_problem(p_path, format('nobody reads "%s"; there are status, headers, body, text, base64, error, takes', left(v_key, 80)));
  end if;
  if (p_mock ? 'body')::int + (p_mock ? 'text')::int + (p_mock ? 'base64')::int > 1 then
    perform meshhook_engine.mock_problem(p_path, 'give one of body, text and base64');
  end if;
  if p_mock ? 'takes' then
    if jsonb_typeof(p_mock -> 'takes') <> 'string' or meshhook_engine.parse_duration(p_mock ->> 'takes') is null then
      perform meshhook_engine.mock_problem(p_path || '/takes', format('%s is no duration', meshhook_engine.quote(p_mock -> 'takes')));
    end if;
    v_answer := jsonb_build_object('takes_ms', meshhook_engine.parse_duration(p_mock ->> 'takes'));
  end if;
  if p_mock ? 'error' then
    if v_class is null or v_class not in ('network', 'timeout', 'tls', 'blocked', 'too_large', 'redirect', 'body', 'secret', 'breaker', 'internal') then
      perform meshhook_engine.mock_problem(p_path || '/error/class',
        'it is one of network, timeout, tls, blocked, too_large, redirect, body, secret, breaker, internal');
    end if;
    v_answer := v_answer || jsonb_build_object('error', jsonb_build_object(
      'class', v_class, 'code', coalesce(p_mock #>> '{error,code}', 'MH_CALL_' || upper(v_class)),
      'message', coalesce(p_mock #>> '{error,message}', 'as the mock says')));
    if not p_mock ? 'status' then
      return v_answer;
    end if;
  end if;

  v_status := case when jsonb_typeof(p_mock -> 'status') = 'number' then (p_mock -> 'status')::numeric when not p_mock ? 'status' then 200 end;
  if v_status is null or v_status not between 100 and 599 or v_status <> trunc(v_status) then
    perform meshhook_engine.mock_problem(p_path || '/status', format('%s is no HTTP status', meshhook_engine.quote(p_mock -> 'status')));
  end if;
  if jsonb_typeof(coalesce(p_mock -> 'headers', '{}')) <> 'object'
     or jsonb_path_exists(p_mock, 'strict $.headers.* ? (@.type() != "string")', '{}', true) then
    perform meshhook_engine.mock_problem(p_path || '/headers', 'headers are a map of strings');
  end if;
  if jsonb_typeof(p_mock -> 'text') <> 'string' or jsonb_typeof(p_mock -> 'base64') <> 'string'
     or translate(p_mock ->> 'base64', E'\n', '') !~ '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' then
    perform meshhook_engine.mock_problem(p_path, 'text is a string, and so is base64');
  end if;
  if p_mock ? 'body' then
    v_answer := v_answer || jsonb_build_object('text', (p_mock -> 'body')::text);
    v_type := 'application/json';
  elsif p_mock ? 'text' then
    v_answer := v_answer || jsonb_build_object('text', p_mock -> 'text');
  elsif p_mock ? 'base64' then
    v_answer := v_answer || jsonb_build_object('base64', p_mock -> 'base64');
  end if;
  return v_answer || jsonb_build_object('response', jsonb_build_object(
    'status', v_status::int, 'text', not p_mock ? 'base64',
    'headers', jsonb_strip_nulls(jsonb_build_object('content-type', v_type))
      || coalesce((select jsonb_object_agg(lower(h.key), h.value) from jsonb_each(p_mock -> 'headers') h), '{}')));
end $$;
