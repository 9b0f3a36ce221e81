-- What is wrong with a JSON Schema itself: keywords of the wrong kind, references that lead nowhere or outside, patterns that
-- are none, and schemas beyond the bounds (2 000 subschemas, 64 levels, patterns of 500 characters).
-- Unknown keywords annotate, as the standard has it; those of older drafts that changed their meaning are refused by name.
-- Called by: check_document. Never raises.
create or replace function meshhook_engine.schema_problems(p_schema jsonb, p_path text) returns meshhook_engine.problem[]
language plpgsql immutable as $$
declare
  v_problems meshhook_engine.problem[] := '{}';
  v_todo     jsonb[] := array[jsonb_build_array(p_path, p_schema, 0)];
  v_done     int := 0;
  v_at       text;
  v_schema   jsonb;
  v_level    int;
  v_key      text;
  v_value    jsonb;
  v_bad      text;
begin
  while v_done < cardinality(v_todo) loop
    v_done := v_done + 1;
    v_at := v_todo[v_done] ->> 0;
    v_schema := v_todo[v_done] -> 1;
    v_level := (v_todo[v_done] -> 2)::int;
    continue when jsonb_typeof(v_schema) = 'boolean';
    if jsonb_typeof(v_schema) <> 'object' then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_SCHEMA', v_at, null,
        format('a schema is an object, true or false, got %s', meshhook_engine.quote(v_schema)));
      continue;
    end if;
    if v_done > 2000 or v_level > 64 then
      return v_problems || meshhook_engine.problem('MH_DEF_SCHEMA_LIMIT', v_at, null,
        case when v_level > 64 then 'the schema is nested deeper than 64 levels' else 'the schema has more than 2000 parts' end);
    end if;
    for v_key, v_value in select key, value from jsonb_each(v_schema) loop
      v_bad := null;
      case
      when v_key in ('$ref', '$dynamicRef') then
        if jsonb_typeof(v_value) <> 'string' then
          v_bad := 'is a string';
        elsif v_key = '$dynamicRef' then
          v_bad := 'is not supported; use $ref';
        elsif v_value #>> '{}' not like '#%' then
          v_problems := v_problems || meshhook_engine.problem('MH_DEF_SCHEMA_REMOTE', meshhook_engine.pointer(v_at, v_key), null,
            format('%s leads outside of this schema; nothing is fetched: put it into $defs and refer to "#/$defs/name"', meshhook_engine.quote(v_value)));
        elsif meshhook_engine.schema_place(p_schema, v_value #>> '{}') is null
              or jsonb_typeof(meshhook_engine.schema_place(p_schema, v_value #>> '{}')) not in ('object', 'boolean') then
          v_problems := v_problems || meshhook_engine.problem('MH_DEF_SCHEMA_REF', meshhook_engine.pointer(v_at, v_key), null,
            format('%s leads to no schema', meshhook_engine.quote(v_value)));
        end if;
      when v_key in ('$id', '$anchor', '$schema') then
        if jsonb_typeof(v_value) <> 'string' then
          v_bad := 'is a string';
        elsif v_key = '$schema' and v_value #>> '{}' !~ 'draft/2020-12/schema#?$' then
          v_bad := 'names another dialect; JSON Schema 2020-12 is what is understood';
        elsif v_key = '$id' and v_level > 0 then
          v_bad := 'is understood at the top only';
        end if;
      when v_key in ('dependencies', 'additionalItems', '$recursiveRef') then
        v_bad := format('belongs to an older draft; write %s',
          case v_key when 'dependencies' then 'dependentRequired or dependentSchemas' when 'additionalItems' then 'prefixItems and items' else '$ref' end);
      when v_key = 'type' then
        if not (jsonb_typeof(v_value) = 'string' or jsonb_typeof(v_value) = 'array' and v_value <> '[]')
           or exists (select from jsonb_array_elements(case jsonb_typeof(v_value) when 'array' then v_value else jsonb_build_array(v_value) end) t
                      where t not in ('"string"', '"number"', '"integer"', '"boolean"', '"object"', '"array"', '"null"')) then
          v_bad := 'is one or several of string, number, integer, boolean, object, array, null';
        end if;
      when v_key in ('required') then
        if jsonb_typeof(v_value) <> 'array' or jsonb_path_exists(v_value, 'strict $[*] ? (@.type() != "string")') then
          v_bad := 'is an array of strings';
        end if;
      when v_key = 'dependentRequired' then
        if jsonb_typeof(v_value) <> 'object' or jsonb_path_exists(v_value, 'strict $.* ? (@.type() != "array")')
           or jsonb_path_exists(v_value, 'lax $.*[*] ? (@.type() != "string")') then
          v_bad := 'is an object of arrays of strings';
        end if;
      when v_key = 'enum' then
        if jsonb_typeof(v_value) <> 'array' or v_value = '[]' then
          v_bad := 'is an array of at least one value';
        end if;
      when v_key in ('minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'minContains', 'maxContains') then
        if jsonb_typeof(v_value) <> 'number' or v_value < '0' or (v_value::numeric % 1) <> 0 then
          v_bad := 'is a whole number, 0 or more';
        end if;
      when v_key in ('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum') then
        if jsonb_typeof(v_value) <> 'number' then
          v_bad := 'is a number';
        end if;
      when v_key = 'multipleOf' then
        if jsonb_typeof(v_value) <> 'number' or v_value <= '0' then
          v_bad := 'is a number above 0';
        end if;
      when v_key = 'uniqueItems' then
        if jsonb_typeof(v_value) <> 'boolean' then
          v_bad := 'is true or false';
        end if;
      when v_key = 'pattern' then
        v_bad := meshhook_engine.pattern_problem(v_value);
      when v_key in ('items', 'contains', 'additionalProperties', 'propertyNames', 'unevaluatedItems', 'unevaluatedProperties', 'not', 'if', 'then', 'else') then
        if v_key = 'items' and jsonb_typeof(v_value) = 'array' then
          v_bad := 'is one schema; a list of them is prefixItems';
        else
          v_todo := v_todo || jsonb_build_array(meshhook_engine.pointer(v_at, v_key), v_value, v_level + 1);
        end if;
      when v_key in ('allOf', 'anyOf', 'oneOf', 'prefixItems') then
        if jsonb_typeof(v_value) <> 'array' or v_value = '[]' then
          v_bad := 'is an array of at least one schema';
        else
          v_todo := v_todo || array(
            select jsonb_build_array(meshhook_engine.pointer(v_at, v_key) || '/' || n - 1, e, v_level + 1)
            from jsonb_array_elements(v_value) with ordinality x(e, n) limit 2001);
        end if;
      when v_key in ('properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions') then
        if jsonb_typeof(v_value) <> 'object' then
          v_bad := 'is an object of schemas';
        else
          v_todo := v_todo || array(
            select jsonb_build_array(meshhook_engine.pointer(meshhook_engine.pointer(v_at, v_key), k), e, v_level + 1)
            from jsonb_each(v_value) x(k, e) limit 2001);
          if v_key = 'patternProperties' then
            v_problems := v_problems || array(
              select meshhook_engine.problem('MH_DEF_SCHEMA', meshhook_engine.pointer(meshhook_engine.pointer(v_at, v_key), k), null, 'the name ' || b)
              from jsonb_object_keys(v_value) k cross join lateral (select meshhook_engine.pattern_problem(to_jsonb(k)) as b) p where b is not null);
          end if;
        end if;
      else
        null;  -- an annotation
      end case;
      if v_bad is not null then
        v_problems := v_problems || meshhook_engine.problem('MH_DEF_SCHEMA', meshhook_engine.pointer(v_at, v_key), null, v_key || ' ' || v_bad);
      end if;
      if cardinality(v_problems) >= 100 then
        return v_problems;
      end if;
    end loop;
  end loop;
  return v_problems;
end $$;
