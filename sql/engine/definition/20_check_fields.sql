-- Checks an object against rules, key by key: unknown and missing keys, types, bounds. Deeper rules are the caller's.
--
-- Rules: {"key": {"is": kind, "null": bool, ...}}; kinds and what bounds them:
--   any · bool · object · array (max: elements) · text (max: characters) · int, number (min, max)
--   duration (min, max: milliseconds) · choice (of: the texts)
-- Guarantees: never raises, whatever the value; all problems at once.
-- Called by: read_definition and the checks of each node type.
create or replace function meshhook_engine.check_fields(p_value jsonb, p_rules jsonb, p_path text, p_node text, p_required text[] default '{}')
returns meshhook_engine.problem[]
language plpgsql immutable parallel safe as $$
declare
  v_problems meshhook_engine.problem[] := '{}';
  v_key      text;
  v_field    jsonb;
  v_rule     jsonb;
  v_kind     text;
  v_type     text;
  v_at       text;
  v_bad      text;
  v_ms       bigint;
  v_unknown  int := 0;
begin
  if jsonb_typeof(p_value) is distinct from 'object' then
    return array[meshhook_engine.problem('MH_DEF_TYPE', p_path, p_node,
      format('expected an object, got %s', meshhook_engine.quote(p_value)))];
  end if;
  for v_key, v_field in select key, value from jsonb_each(p_value) loop
    v_rule := p_rules -> v_key;
    if v_rule is null then
      v_unknown := v_unknown + 1;
      continue when v_unknown > 50;  -- enough to see what is going on
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_UNKNOWN_KEY', meshhook_engine.pointer(p_path, v_key), p_node,
        format('unknown key "%s"; known here: %s', left(v_key, 100),
          coalesce((select string_agg(key, ', ' order by key) from jsonb_object_keys(p_rules) key), 'none')));
      continue;
    end if;
    v_kind := v_rule ->> 'is';
    v_type := jsonb_typeof(v_field);
    continue when v_kind = 'any' or v_type = 'null' and (v_rule -> 'null')::boolean;
    v_at := meshhook_engine.pointer(p_path, v_key);
    v_bad := null;
    case v_kind
    when 'text', 'choice', 'duration' then
      if v_type <> 'string' then
        v_bad := case v_kind when 'duration' then 'a duration such as "15s"' else 'a string' end;
      elsif v_kind = 'text' and length(v_field #>> '{}') > (v_rule ->> 'max')::int then
        v_problems := v_problems || meshhook_engine.problem('MH_DEF_RANGE', v_at, p_node,
          format('%s characters, at most %s are allowed', length(v_field #>> '{}'), v_rule ->> 'max'));
      elsif v_kind = 'choice' and not (v_rule -> 'of') ? (v_field #>> '{}') then
        v_problems := v_problems || meshhook_engine.problem('MH_DEF_CHOICE', v_at, p_node,
          format('%s is not one of %s', meshhook_engine.quote(v_field),
            (select string_agg(word, ', ') from jsonb_array_elements_text(v_rule -> 'of') word)));
      elsif v_kind = 'duration' then
        v_ms := meshhook_engine.parse_duration(v_field #>> '{}');
        if v_ms is null then
          v_problems := v_problems || meshhook_engine.problem('MH_DEF_DURATION', v_at, p_node,
            format('%s is not a duration; write 250ms, 15s, 1.5h, 7d or 1h30m', meshhook_engine.quote(v_field)));
        elsif v_ms < (v_rule -> 'min')::bigint or v_ms > (v_rule -> 'max')::bigint then
          v_problems := v_problems || meshhook_engine.problem('MH_DEF_RANGE', v_at, p_node,
            format('%s is out of bounds: from %s to %s', v_field #>> '{}', meshhook_engine.duration_text((v_rule -> 'min')::bigint), meshhook_engine.duration_text((v_rule -> 'max')::bigint)));
        end if;
      end if;
    when 'int', 'number' then
      if v_type <> 'number' or v_kind = 'int' and v_field::numeric % 1 <> 0 then
        v_bad := case v_kind when 'int' then 'a whole number' else 'a number' end;
      elsif v_field::numeric < (v_rule ->> 'min')::numeric or v_field::numeric > (v_rule ->> 'max')::numeric then
        v_problems := v_problems || meshhook_engine.problem('MH_DEF_RANGE', v_at, p_node,
          format('%s is out of bounds: from %s to %s', meshhook_engine.quote(v_field), v_rule ->> 'min', v_rule ->> 'max'));
      end if;
    when 'bool' then
      if v_type <> 'boolean' then
        v_bad := 'true or false';
      end if;
    when 'object' then
      if v_type <> 'object' then
        v_bad := 'an object';
      end if;
    when 'array' then
      if v_type <> 'array' then
        v_bad := 'an array';
      elsif jsonb_array_length(v_field) > (v_rule ->> 'max')::int then
        v_problems := v_problems || meshhook_engine.problem('MH_DEF_RANGE', v_at, p_node,
          format('%s elements, at most %s are allowed', jsonb_array_length(v_field), v_rule ->> 'max'));
      end if;
    end case;
    if v_bad is not null then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_TYPE', v_at, p_node,
        format('expected %s, got %s', v_bad, meshhook_engine.quote(v_field)));
    end if;
  end loop;
  if not p_value ?& p_required then
    v_problems := v_problems || array(
      select meshhook_engine.problem('MH_DEF_MISSING', meshhook_engine.pointer(p_path, name), p_node, format('"%s" is missing', name))
      from unnest(p_required) name where not p_value ? name);
  end if;
  return v_problems;
end $$;
