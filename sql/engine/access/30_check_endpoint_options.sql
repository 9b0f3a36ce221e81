-- The options of a new endpoint, with defaults: name, methods, max_body, respond {mode, timeout_ms}.
-- Called by: create_endpoint.
create or replace function meshhook_engine.check_endpoint_options(p_options jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_options jsonb := '{"methods": ["POST"], "max_body": 1048576}'::jsonb || case jsonb_typeof(p_options) when 'object' then p_options else '{}' end;
  v_bad     jsonb;
begin
  perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', p.path, p.message)
  from unnest(meshhook_engine.check_fields(coalesce(p_options, 'null'), '{
    "name": {"is": "text", "max": 100}, "methods": {"is": "array", "max": 10}, "max_body": {"is": "int", "min": 1, "max": 16777216},
    "respond": {"is": "object"}}', '', null)) p;
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
  return v_options;
end $$;
