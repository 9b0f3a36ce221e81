-- How an endpoint verifies, with its defaults filled in; an error when that makes no sense.
--   {"kind": "none"}   only by name: nothing means none by accident
--   {"kind": "hmac", "algorithm", "header", "encoding", "prefix", "signed", "timestamp_header", "id_header", "tolerance"}
-- signed is the string that is signed: text with {body}, {timestamp}, {id} and {url}; the body must be in it.
-- Called by: create_endpoint.
create or replace function meshhook_engine.check_verify(p_verify jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_kind     text := p_verify ->> 'kind';
  v_recipe   jsonb;
  v_problems meshhook_engine.problem[];
  v_word     text;
begin
  if jsonb_typeof(p_verify) is distinct from 'object' or jsonb_typeof(p_verify -> 'kind') is distinct from 'string' then
    perform meshhook_engine.refuse_setting('MH_VERIFY_KIND', '/kind', 'say how requests are verified: {"kind": "hmac", ...}, or {"kind": "none"} by name');
  elsif v_kind = 'none' then
    v_problems := meshhook_engine.check_fields(p_verify, '{"kind": {"is": "any"}}', '', null);
    perform meshhook_engine.refuse_setting('MH_VERIFY', p.path, p.message) from unnest(v_problems) p;
    return p_verify;
  elsif v_kind in ('standard_webhooks', 'jwt', 'basic', 'bearer', 'api_key',
      'github', 'gitlab', 'stripe', 'slack', 'shopify', 'twilio', 'svix', 'paddle', 'linear', 'discord', 'sendgrid') then
    perform meshhook_engine.refuse_setting('MH_VERIFY_UNSUPPORTED', '/kind',
      format('this version of the door does not verify by "%s" yet; it does none and hmac', v_kind));
  elsif v_kind <> 'hmac' then
    perform meshhook_engine.refuse_setting('MH_VERIFY_KIND', '/kind', format('"%s" is no way to verify; there are none and hmac', left(v_kind, 60)));
  end if;

  v_problems := meshhook_engine.check_fields(p_verify, '{
    "kind": {"is": "any"}, "algorithm": {"is": "choice", "of": ["sha1", "sha256", "sha512"]},
    "header": {"is": "text", "max": 200}, "encoding": {"is": "choice", "of": ["hex", "base64"]},
    "prefix": {"is": "text", "max": 100}, "signed": {"is": "text", "max": 1000},
    "timestamp_header": {"is": "text", "max": 200}, "id_header": {"is": "text", "max": 200},
    "tolerance": {"is": "duration", "min": 1000, "max": 86400000}}', '', null, '{header}');
  perform meshhook_engine.refuse_setting('MH_VERIFY', p.path, p.message) from unnest(v_problems) p;
  v_recipe := '{"algorithm": "sha256", "encoding": "hex", "prefix": "", "signed": "{body}"}'::jsonb || p_verify;
  foreach v_word in array array['header', 'timestamp_header', 'id_header'] loop
    if v_recipe ? v_word then
      if v_recipe ->> v_word !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]+$' then
        perform meshhook_engine.refuse_setting('MH_VERIFY', '/' || v_word, format('"%s" is no header name', left(v_recipe ->> v_word, 100)));
      end if;
      v_recipe := v_recipe || jsonb_build_object(v_word, lower(v_recipe ->> v_word));
    end if;
  end loop;
  for v_word in select distinct m[1] from regexp_matches(v_recipe ->> 'signed', '\{([^{}]*)\}', 'g') m loop
    if v_word not in ('body', 'timestamp', 'id', 'url') then
      perform meshhook_engine.refuse_setting('MH_VERIFY', '/signed', format('{%s} stands for nothing; there are {body}, {timestamp}, {id} and {url}', left(v_word, 60)));
    elsif v_word in ('timestamp', 'id') and not v_recipe ? (v_word || '_header') then
      perform meshhook_engine.refuse_setting('MH_VERIFY', '/' || v_word || '_header', format('signed uses {%s}: say which header brings it', v_word));
    end if;
  end loop;
  if strpos(v_recipe ->> 'signed', '{body}') = 0 then
    perform meshhook_engine.refuse_setting('MH_VERIFY', '/signed', 'the body is not signed: {body} is missing');
  end if;
  if v_recipe ? 'timestamp_header' then
    v_recipe := '{"tolerance": "5m"}'::jsonb || v_recipe;
    v_recipe := v_recipe || jsonb_build_object('tolerance_ms', meshhook_engine.parse_duration(v_recipe ->> 'tolerance'));
  elsif v_recipe ? 'tolerance' then
    perform meshhook_engine.refuse_setting('MH_VERIFY', '/tolerance', 'a tolerance needs a timestamp_header to be measured against');
  end if;
  return v_recipe;
end $$;
