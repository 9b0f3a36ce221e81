-- Header names and values of an outgoing call: legal, each once whatever its case, none that the transport sets itself.
-- Called by: define_http_call.
create or replace function meshhook_engine.check_headers(p_headers jsonb, p_path text, p_node text) returns meshhook_engine.problem[]
language plpgsql immutable parallel safe as $$
declare
  v_problems meshhook_engine.problem[] := '{}';
  v_seen     jsonb := '{}';
  v_name     text;
  v_value    jsonb;
  v_at       text;
begin
  if jsonb_typeof(p_headers) is distinct from 'object' then
    return array[meshhook_engine.problem('MH_DEF_TYPE', p_path, p_node, format('expected an object, got %s', meshhook_engine.quote(p_headers)))];
  end if;
  for v_name, v_value in select key, value from jsonb_each(p_headers) limit 200 loop
    v_at := meshhook_engine.pointer(p_path, v_name);
    if v_name !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]+$' or length(v_name) > 256 then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_HEADER', v_at, p_node, format('"%s" is no legal header name', left(v_name, 100)));
    elsif lower(v_name) in ('host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade')
          or v_name ilike 'proxy-%' then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_HEADER', v_at, p_node,
        format('header "%s" belongs to the transport and cannot be set', v_name));
    elsif v_seen ? lower(v_name) then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_HEADER', v_at, p_node,
        format('header "%s" is given twice; upper and lower case are the same', v_name));
    end if;
    v_seen := v_seen || jsonb_build_object(lower(v_name), true);
    if jsonb_typeof(v_value) not in ('string', 'number', 'boolean') then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_TYPE', v_at, p_node,
        format('a header value is a string, got %s', meshhook_engine.quote(v_value)));
    elsif v_value #>> '{}' ~ '[\r\n]' then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_HEADER', v_at, p_node, 'a header value holds no line break');
    end if;
  end loop;
  if (select count(*) from jsonb_object_keys(p_headers)) > 200 then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_RANGE', p_path, p_node, 'more than 200 headers');
  end if;
  return v_problems;
end $$;
