-- auth and sign of an outgoing call: what each kind takes, and whether a credential stands there in plain text (a warning:
-- a definition is read by everybody in the project, and kept).
-- Called by: define_http_call.
create or replace function meshhook_engine.check_auth(p_auth jsonb, p_sign jsonb, p_path text, p_node text)
returns meshhook_engine.problem[]
language plpgsql immutable parallel safe as $$
declare
  v_problems meshhook_engine.problem[] := '{}';
  v_rules    jsonb;
  v_type     text;
  v_key      text;
  v_spot     text;
begin
  if p_auth is not null then
    v_type := p_auth ->> 'type';
    v_rules := case v_type
      when 'none' then '{}'
      when 'basic' then '{"username": {"is": "text", "max": 1000}, "password": {"is": "text", "max": 4000}}'
      when 'bearer' then '{"token": {"is": "text", "max": 16000}}'
      when 'api_key' then '{"name": {"is": "text", "max": 256}, "value": {"is": "text", "max": 16000},
                            "in": {"is": "choice", "of": ["header", "query"]}}'
      when 'oauth2_client_credentials' then '{"token_url": {"is": "text", "max": 8192},
                            "client_id": {"is": "text", "max": 1000}, "client_secret": {"is": "text", "max": 4000},
                            "scope": {"is": "text", "max": 4000}}'
    end;
    if jsonb_typeof(p_auth) = 'object' and v_rules is null then
      v_problems := v_problems || meshhook_engine.check_fields(jsonb_strip_nulls(jsonb_build_object('type', p_auth -> 'type')), '{
        "type": {"is": "choice", "of": ["none", "basic", "bearer", "api_key", "oauth2_client_credentials"]}}',
        p_path || '/auth', p_node, '{type}');
    else
      v_problems := v_problems || meshhook_engine.check_fields(p_auth, v_rules || '{"type": {"is": "any"}}', p_path || '/auth', p_node,
        array(select key from jsonb_object_keys(v_rules) key where key not in ('in', 'scope')));
    end if;
    if v_type = 'api_key' and p_auth ->> 'in' is distinct from 'query' and jsonb_typeof(p_auth -> 'name') = 'string' then
      v_problems := v_problems || array(
        select meshhook_engine.problem(h.code, p_path || '/auth/name', p_node, h.message)
        from unnest(meshhook_engine.check_headers(jsonb_build_object(p_auth ->> 'name', ''), '', p_node)) h);
    end if;
    if v_type = 'oauth2_client_credentials' and p_auth ? 'token_url' then
      v_problems := v_problems || meshhook_engine.check_url(p_auth -> 'token_url', p_path || '/auth/token_url', p_node);
    end if;
  end if;
  if p_sign is not null then
    v_problems := v_problems || meshhook_engine.check_fields(p_sign, '{
      "scheme": {"is": "choice", "of": ["standard_webhooks"]}, "secret": {"is": "text", "max": 4000}}', p_path || '/sign', p_node, '{secret}');
  end if;
  for v_spot, v_key in
    select 'auth', unnest(array['password', 'token', 'value', 'client_secret']) union all select 'sign', 'secret'
  loop
    if strpos(coalesce(case v_spot when 'auth' then p_auth else p_sign end ->> v_key, '{{'), '{{') = 0 then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_SECRET_LITERAL', p_path || '/' || v_spot || '/' || v_key, p_node,
        'a credential in plain text; keep it as a secret and write {{ secrets.name }}', 'warning');
    end if;
  end loop;
  return v_problems;
end $$;
