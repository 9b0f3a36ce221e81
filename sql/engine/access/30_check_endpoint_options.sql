-- The options of an endpoint, with defaults: name, alias, methods, max_body, respond {mode, timeout_ms}, filter (an expression),
-- dedupe {key, window}, cidrs, search (paths), rate {amount, per, burst}. Expressions are kept with their trees, durations in milliseconds.
-- Called by: create_endpoint, set_endpoint.
create or replace function meshhook_engine.check_endpoint_options(p_options jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_options jsonb := '{"methods": ["POST"], "max_body": 1048576}'::jsonb || case jsonb_typeof(p_options) when 'object' then p_options else '{}' end;
  v_bad     jsonb;
  v_at      text;
begin
  perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', p.path, p.message)
  from unnest(meshhook_engine.check_fields(coalesce(p_options, 'null'), '{
    "name": {"is": "text", "max": 100}, "methods": {"is": "array", "max": 10}, "max_body": {"is": "int", "min": 1, "max": 16777216},
    "respond": {"is": "object"}, "alias": {"is": "text", "max": 100}, "filter": {"is": "text", "max": 10000}, "dedupe": {"is": "object"},
    "cidrs": {"is": "array", "max": 200}, "search": {"is": "array", "max": 10}, "rate": {"is": "object"}}', '', null)) p;
  select value into v_bad from jsonb_array_elements(v_options -> 'methods')
  where value not in ('"GET"', '"POST"', '"PUT"', '"PATCH"', '"DELETE"') limit 1;
  if v_bad is not null or v_options -> 'methods' = '[]' then
    perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', '/methods',
      coalesce(meshhook_engine.quote(v_bad) || ' is not one of', 'give at least one of') || ' GET, POST, PUT, PATCH, DELETE');
  end if;
  if v_options ->> 'name' ~ '^\s*$' then
    perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', '/name', 'the name is empty');
  end if;
  if v_options ? 'respond' then
    perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', p.path, p.message)
    from unnest(meshhook_engine.check_fields(v_options -> 'respond', '{
      "mode": {"is": "choice", "of": ["ack", "wait"]}, "timeout": {"is": "duration", "min": 1, "max": 60000}}', '/respond', null, '{mode}')) p;
    v_options := v_options || jsonb_build_object('respond', jsonb_build_object(
      'mode', v_options #> '{respond,mode}',
      'timeout_ms', coalesce(meshhook_engine.parse_duration(v_options #>> '{respond,timeout}'), 10000)));
  end if;
  if v_options ->> 'alias' !~ '^[a-z0-9][a-z0-9._-]{0,99}$' then
    perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', '/alias', 'an alias is made of a-z, 0-9, dot, hyphen and underscore, and begins with a letter or digit');
  end if;
  if v_options ? 'filter' then
    v_options := v_options || jsonb_build_object('filter', jsonb_build_object(
      'when', v_options -> 'filter', 'tree', meshhook_engine.endpoint_expression(v_options -> 'filter', '/filter')));
  end if;
  if v_options ? 'dedupe' then
    perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', p.path, p.message)
    from unnest(meshhook_engine.check_fields(v_options -> 'dedupe', '{
      "key": {"is": "text", "max": 10000}, "window": {"is": "duration", "min": 1000, "max": 7776000000}}', '/dedupe', null, '{key}')) p;
    v_options := v_options || jsonb_build_object('dedupe', jsonb_build_object(
      'key', v_options #> '{dedupe,key}', 'tree', meshhook_engine.endpoint_expression(v_options #> '{dedupe,key}', '/dedupe/key'),
      'window_ms', coalesce(meshhook_engine.parse_duration(v_options #>> '{dedupe,window}'), 259200000)));
  end if;
  if v_options ? 'rate' then
    perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', p.path, p.message)
    from unnest(meshhook_engine.check_fields(v_options -> 'rate', '{
      "amount": {"is": "int", "min": 1, "max": 1000000}, "per": {"is": "duration", "min": 1, "max": 2592000000}, "burst": {"is": "int", "min": 1, "max": 1000000}}',
      '/rate', null, '{amount,per}')) p;
    v_options := v_options || jsonb_build_object('rate', jsonb_build_object(
      'amount', v_options #> '{rate,amount}', 'per_ms', meshhook_engine.parse_duration(v_options #>> '{rate,per}'),
      'burst', coalesce(v_options #> '{rate,burst}', v_options #> '{rate,amount}')));
  end if;
  for v_at, v_bad in select '/search/' || n - 1, c from jsonb_array_elements(coalesce(v_options -> 'search', '[]')) with ordinality x(c, n) loop
    if jsonb_typeof(v_bad) <> 'string' or length(v_bad #>> '{}') > 200 or v_bad #>> '{}' !~ '^(body|headers|query)(\.[^.]+)+$' then
      perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', v_at,
        meshhook_engine.quote(v_bad) || ' is no path; write body.order.id, headers.x-github-event or query.q');
    end if;
  end loop;
  for v_at, v_bad in select '/cidrs/' || n - 1, c from jsonb_array_elements(coalesce(v_options -> 'cidrs', '[]')) with ordinality x(c, n) loop
    begin
      perform (v_bad #>> '{}')::cidr;
    exception
      when others then
        perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', v_at,
          meshhook_engine.quote(v_bad) || ' is no network; write 203.0.113.0/24 or 2001:db8::/32, without bits beyond the mask');
    end;
  end loop;
  return v_options;
end $$;
