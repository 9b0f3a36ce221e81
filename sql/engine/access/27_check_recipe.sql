-- A verification of one of the door's own kinds, with its defaults filled in; an error when it makes no sense.
--   {"kind": "none"}                    only by name: nothing means none by accident
--   {"kind": "hmac" | "ed25519" | "ecdsa", "header", "encoding", "prefix", "signed", "timestamp_header", "id_header", "tolerance", ...}
--   {"kind": "standard_webhooks", "header_prefix", "tolerance"}
--   {"kind": "jwt", "header" | "query", "jwks_url", "issuer", "audience", "leeway", "body_hash_claim"}
--   {"kind": "basic"}  {"kind": "bearer"}  {"kind": "api_key", "header" | "query"}
-- signed is the string that is signed: text with {body}, {timestamp}, {id}, {url} and {form}; the body must be in it.
-- Called by: check_verify, keep_preset.
create or replace function meshhook_engine.check_recipe(p_verify jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_kind   text := p_verify ->> 'kind';
  v_signs  boolean := v_kind in ('hmac', 'ed25519', 'ecdsa');
  v_recipe jsonb;
  v_fields jsonb := '{"kind": {"is": "any"}, "handshake": {"is": "choice", "of": ["slack", "discord", "microsoft", "meta"]}}';
  v_word   text;
begin
  v_fields := v_fields || case
    when v_signs then '{
      "header": {"is": "text", "max": 200}, "encoding": {"is": "choice", "of": ["hex", "base64"]}, "prefix": {"is": "text", "max": 100},
      "signed": {"is": "text", "max": 1000}, "timestamp_header": {"is": "text", "max": 200}, "timestamp_key": {"is": "text", "max": 20},
      "separator": {"is": "choice", "of": [",", ";", " "]}, "timestamp_field": {"is": "text", "max": 60}, "id_header": {"is": "text", "max": 200},
      "body_hash_query": {"is": "text", "max": 60}, "tolerance": {"is": "duration", "min": 1000, "max": 86400000}}'::jsonb
    when v_kind = 'standard_webhooks' then '{"header_prefix": {"is": "text", "max": 60}, "tolerance": {"is": "duration", "min": 1000, "max": 86400000}}'
    when v_kind = 'jwt' then '{
      "header": {"is": "text", "max": 200}, "query": {"is": "text", "max": 60}, "jwks_url": {"is": "text", "max": 2000},
      "issuer": {"is": "text", "max": 1000}, "audience": {"is": "text", "max": 1000}, "leeway": {"is": "duration", "min": 0, "max": 3600000},
      "body_hash_claim": {"is": "text", "max": 100}}'
    when v_kind = 'api_key' then '{"header": {"is": "text", "max": 200}, "query": {"is": "text", "max": 60}}'
    else '{}' end
    || case v_kind
      when 'hmac' then '{"algorithm": {"is": "choice", "of": ["sha1", "sha256", "sha512"]}}'::jsonb
      when 'ecdsa' then '{"algorithm": {"is": "choice", "of": ["sha256", "sha512"]}}'
      else '{}' end;
  perform meshhook_engine.refuse_setting('MH_VERIFY', p.path, p.message)
  from unnest(meshhook_engine.check_fields(p_verify, v_fields, '', null, case when v_signs then '{header}'::text[] else '{}' end)) p;

  v_recipe := case
    when v_signs then '{"encoding": "hex", "prefix": "", "signed": "{body}"}'::jsonb
    when v_kind = 'standard_webhooks' then '{"header_prefix": "webhook-", "tolerance": "5m"}'
    when v_kind = 'jwt' then '{"leeway": "30s"}'
    else '{}' end
    || case when v_kind in ('hmac', 'ecdsa') then '{"algorithm": "sha256"}'::jsonb else '{}' end
    || p_verify;
  foreach v_word in array '{header,timestamp_header,id_header,header_prefix}'::text[] loop
    if v_recipe ? v_word then
      if v_recipe ->> v_word !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]+$' then
        perform meshhook_engine.refuse_setting('MH_VERIFY', '/' || v_word, format('"%s" is no header name', left(v_recipe ->> v_word, 100)));
      end if;
      v_recipe := v_recipe || jsonb_build_object(v_word, lower(v_recipe ->> v_word));
    end if;
  end loop;
  foreach v_word in array '{query,timestamp_key,timestamp_field,body_hash_query,body_hash_claim}'::text[] loop
    if v_recipe ->> v_word !~ '^[A-Za-z0-9_.:/-]+$' then
      perform meshhook_engine.refuse_setting('MH_VERIFY', '/' || v_word, format('"%s" is no name', left(v_recipe ->> v_word, 100)));
    end if;
  end loop;
  if v_signs then
    perform meshhook_engine.check_signed(v_recipe);
  elsif v_kind = 'api_key' and (v_recipe ? 'header') = (v_recipe ? 'query') then
    perform meshhook_engine.refuse_setting('MH_VERIFY', '/header', 'say where the key comes: "header" or "query", one of them');
  elsif v_kind = 'jwt' and v_recipe ? 'header' and v_recipe ? 'query' then
    perform meshhook_engine.refuse_setting('MH_VERIFY', '/query', 'a token comes in a header or in the query, not in either');
  elsif v_recipe ->> 'jwks_url' !~ '^(https://[^/\s@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/\S*)?$' then
    perform meshhook_engine.refuse_setting('MH_VERIFY', '/jwks_url', 'a key set comes from an https:// address');
  end if;
  foreach v_word in array '{tolerance,leeway}'::text[] loop
    if v_recipe ? v_word then
      v_recipe := v_recipe || jsonb_build_object(v_word || '_ms', meshhook_engine.parse_duration(v_recipe ->> v_word));
    end if;
  end loop;
  if (v_recipe ?| '{timestamp_header,timestamp_field}') and not v_recipe ? 'tolerance' then
    v_recipe := v_recipe || '{"tolerance": "5m", "tolerance_ms": 300000}';
  elsif v_signs and v_recipe ? 'tolerance' and not (v_recipe ?| '{timestamp_header,timestamp_field}') then
    perform meshhook_engine.refuse_setting('MH_VERIFY', '/tolerance', 'a tolerance needs a timestamp_header to be measured against');
  end if;
  return v_recipe;
end $$;
