-- The literal part of a url: absolute, http or https, no credentials in it. What stands before the first template decides;
-- when that tells nothing ({{ vars.base }}/x), the engine looks again at run time.
-- Called by: define_http_call.
create or replace function meshhook_engine.check_url(p_url jsonb, p_path text, p_node text) returns meshhook_engine.problem[]
language plpgsql immutable parallel safe as $$
declare
  v_url      text := p_url #>> '{}';
  v_literal  text;
  v_scheme   text;
  v_problems meshhook_engine.problem[] := '{}';
begin
  if jsonb_typeof(p_url) is distinct from 'string' then
    return array[meshhook_engine.problem('MH_DEF_TYPE', p_path, p_node, format('expected a string, got %s', meshhook_engine.quote(p_url)))];
  end if;
  v_literal := split_part(v_url, '{{', 1);
  if length(v_url) > 8192 then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_RANGE', p_path, p_node, format('%s characters, at most 8192 are allowed', length(v_url)));
  end if;
  if v_literal = '' then
    if v_url = '' then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_URL', p_path, p_node, 'the url is empty');
    end if;
    return v_problems;
  end if;
  if v_literal ~ '[[:space:][:cntrl:]]' then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_URL', p_path, p_node, 'a url holds no spaces or control characters');
  end if;
  v_scheme := lower(substring(v_literal from '^([a-zA-Z][a-zA-Z0-9+.-]*):'));
  if v_scheme is null then
    if v_literal = v_url or not ('https://' like lower(v_literal) || '%' or 'http://' like lower(v_literal) || '%') then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_URL', p_path, p_node,
        'the url is not absolute; begin it with https:// or with a template that does');
    end if;
  elsif v_scheme not in ('http', 'https') then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_URL_SCHEME', p_path, p_node,
      format('scheme "%s" cannot be called; http and https can', left(v_scheme, 40)));
  elsif v_literal = v_url and v_literal !~* '^https?://[^/?#@]+(@|[/?#]|$)' then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_URL', p_path, p_node, 'the url names no host');
  end if;
  if v_url ~* '^https?://[^/?#]*@' then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_URL', p_path, p_node, 'no credentials in a url; use auth');
  end if;
  return v_problems;
end $$;
