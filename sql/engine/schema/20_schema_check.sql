-- A value against a schema (JSON Schema 2020-12, as schema_problems has let it through): what violates it, and which
-- properties and items were looked at, for unevaluatedProperties and unevaluatedItems.
--   problems  [{"pointer", "message"}], at most 50
--   props     properties that some keyword has evaluated; upto, parts: items likewise (the first so many, and these besides)
--   spent     checks made; past 20 000 the value counts as too large to be checked, because a group of requests shares the transaction
-- format and the content keywords only annotate, as 2020-12 has it.
-- Called by: itself, schema_violations. Pure.
create or replace function meshhook_engine.schema_check(
  p_root jsonb, p_schema jsonb, p_value jsonb, p_at text, p_depth int, p_spent int,
  out problems jsonb, out props text[], out upto int, out parts int[], out spent int)
language plpgsql immutable as $$
declare
  v_type  text := jsonb_typeof(p_value);
  v_key   text;
  v_part  jsonb;
  v_name  text;
  v_item  jsonb;
  v_count int;
  v_hits  int;
  r       record;
  v_said  text[] := '{}';  -- violations of this very value
begin
  problems := '[]';
  props := '{}';
  upto := 0;
  parts := '{}';
  spent := p_spent + 1;
  if p_schema = 'true' or p_schema = '{}' then
    return;
  elsif p_schema = 'false' then
    problems := jsonb_build_array(jsonb_build_object('pointer', p_at, 'message', 'nothing is allowed here'));
    return;
  elsif spent > 20000 or p_depth > 100 then
    problems := jsonb_build_array(jsonb_build_object('pointer', p_at, 'message',
      case when spent > 20000 then 'the value is too large to be checked: it takes more than 20000 checks' else 'the schema leads deeper than 100 levels here' end));
    return;
  end if;

  -- The value itself.
  if p_schema ? 'type' and not (
    case when jsonb_typeof(p_schema -> 'type') = 'string' then meshhook_engine.schema_type(p_value, p_schema ->> 'type')
    else exists (select from jsonb_array_elements_text(p_schema -> 'type') t where meshhook_engine.schema_type(p_value, t)) end) then
    v_said := v_said || format('expected %s, got %s', replace(replace(replace(p_schema ->> 'type', '["', ''), '"]', ''), '", "', ' or '), v_type);
  end if;
  if p_schema ? 'const' and p_value <> p_schema -> 'const' then
    v_said := v_said || format('must be %s', meshhook_engine.quote(p_schema -> 'const'));
  end if;
  if p_schema ? 'enum' and not exists (select from jsonb_array_elements(p_schema -> 'enum') e where e = p_value) then
    v_said := v_said || format('%s is not one of %s', meshhook_engine.quote(p_value), left(p_schema ->> 'enum', 200));
  end if;
  if v_type = 'number' then
    if p_schema ? 'minimum' and p_value < p_schema -> 'minimum' then
      v_said := v_said || format('%s is less than %s', meshhook_engine.quote(p_value), p_schema ->> 'minimum');
    end if;
    if p_schema ? 'maximum' and p_value > p_schema -> 'maximum' then
      v_said := v_said || format('%s is more than %s', meshhook_engine.quote(p_value), p_schema ->> 'maximum');
    end if;
    if p_schema ? 'exclusiveMinimum' and p_value <= p_schema -> 'exclusiveMinimum' then
      v_said := v_said || format('%s is not more than %s', meshhook_engine.quote(p_value), p_schema ->> 'exclusiveMinimum');
    end if;
    if p_schema ? 'exclusiveMaximum' and p_value >= p_schema -> 'exclusiveMaximum' then
      v_said := v_said || format('%s is not less than %s', meshhook_engine.quote(p_value), p_schema ->> 'exclusiveMaximum');
    end if;
    if p_schema ? 'multipleOf' and (p_value::numeric % (p_schema ->> 'multipleOf')::numeric) <> 0 then
      v_said := v_said || format('%s is no multiple of %s', meshhook_engine.quote(p_value), p_schema ->> 'multipleOf');
    end if;
  elsif v_type = 'string' then
    if p_schema ? 'minLength' or p_schema ? 'maxLength' then
      v_count := length(p_value #>> '{}');
      if v_count < (p_schema -> 'minLength')::numeric then
        v_said := v_said || format('%s characters, at least %s are needed', v_count, p_schema ->> 'minLength');
      elsif v_count > (p_schema -> 'maxLength')::numeric then
        v_said := v_said || format('%s characters, at most %s are allowed', v_count, p_schema ->> 'maxLength');
      end if;
    end if;
    if p_schema ? 'pattern' and p_value #>> '{}' !~ (p_schema ->> 'pattern') then
      v_said := v_said || format('%s does not match %s', meshhook_engine.quote(p_value), left(p_schema ->> 'pattern', 200));
    end if;
  elsif v_type = 'array' then
    v_count := jsonb_array_length(p_value);
    if v_count < (p_schema -> 'minItems')::numeric then
      v_said := v_said || format('%s items, at least %s are needed', v_count, p_schema ->> 'minItems');
    elsif v_count > (p_schema -> 'maxItems')::numeric then
      v_said := v_said || format('%s items, at most %s are allowed', v_count, p_schema ->> 'maxItems');
    end if;
    if p_schema -> 'uniqueItems' = 'true'
       and (select count(distinct e) from jsonb_array_elements(p_value) e) < v_count then
      v_said := v_said || 'two items are the same'::text;
    end if;
  elsif v_type = 'object' then
    if p_schema ? 'required' then
      v_said := v_said || array(
        select format('%s is missing', to_jsonb(k)) from jsonb_array_elements_text(p_schema -> 'required') k where not p_value ? k);
    end if;
    if p_schema ? 'minProperties' or p_schema ? 'maxProperties' then
      v_count := (select count(*) from jsonb_object_keys(p_value));
      if v_count < (p_schema -> 'minProperties')::numeric then
        v_said := v_said || format('%s properties, at least %s are needed', v_count, p_schema ->> 'minProperties');
      elsif v_count > (p_schema -> 'maxProperties')::numeric then
        v_said := v_said || format('%s properties, at most %s are allowed', v_count, p_schema ->> 'maxProperties');
      end if;
    end if;
    if p_schema ? 'dependentRequired' then
      v_said := v_said || array(
        select format('%s needs %s, which is missing', to_jsonb(d.key), to_jsonb(k))
        from jsonb_each(p_schema -> 'dependentRequired') d, jsonb_array_elements_text(d.value) k where p_value ? d.key and not p_value ? k);
    end if;
  end if;
  problems := (select coalesce(jsonb_agg(jsonb_build_object('pointer', p_at, 'message', m)), '[]') from unnest(v_said) m);

  -- Schemas that hold for the same value.
  if p_schema ? '$ref' then
    r := meshhook_engine.schema_check(p_root, meshhook_engine.schema_place(p_root, p_schema ->> '$ref'), p_value, p_at, p_depth + 1, spent);
    problems := problems || r.problems; props := props || r.props; upto := greatest(upto, r.upto); parts := parts || r.parts; spent := r.spent;
  end if;
  for v_part in select e from jsonb_array_elements(coalesce(p_schema -> 'allOf', '[]')) e loop
    r := meshhook_engine.schema_check(p_root, v_part, p_value, p_at, p_depth + 1, spent);
    problems := problems || r.problems; props := props || r.props; upto := greatest(upto, r.upto); parts := parts || r.parts; spent := r.spent;
  end loop;
  foreach v_key in array array['anyOf', 'oneOf'] loop
    continue when not p_schema ? v_key;
    v_hits := 0;
    for v_part in select e from jsonb_array_elements(p_schema -> v_key) e loop
      r := meshhook_engine.schema_check(p_root, v_part, p_value, p_at, p_depth + 1, spent);
      spent := r.spent;
      if r.problems = '[]' then
        v_hits := v_hits + 1;
        props := props || r.props; upto := greatest(upto, r.upto); parts := parts || r.parts;
      end if;
    end loop;
    if v_hits = 0 or v_key = 'oneOf' and v_hits > 1 then
      problems := problems || jsonb_build_object('pointer', p_at, 'message', format('meets %s of the %s schemas of %s, %s',
        v_hits, jsonb_array_length(p_schema -> v_key), v_key, case v_key when 'oneOf' then 'exactly one must hold' else 'at least one must hold' end));
    end if;
  end loop;
  if p_schema ? 'not' then
    r := meshhook_engine.schema_check(p_root, p_schema -> 'not', p_value, p_at, p_depth + 1, spent);
    spent := r.spent;
    if r.problems = '[]' then
      problems := problems || jsonb_build_object('pointer', p_at, 'message', 'meets a schema that it must not meet');
    end if;
  end if;
  if p_schema ? 'if' then
    r := meshhook_engine.schema_check(p_root, p_schema -> 'if', p_value, p_at, p_depth + 1, spent);
    spent := r.spent;
    v_key := case when r.problems = '[]' then 'then' else 'else' end;
    if r.problems = '[]' then
      props := props || r.props; upto := greatest(upto, r.upto); parts := parts || r.parts;
    end if;
    if p_schema ? v_key then
      r := meshhook_engine.schema_check(p_root, p_schema -> v_key, p_value, p_at, p_depth + 1, spent);
      problems := problems || r.problems; props := props || r.props; upto := greatest(upto, r.upto); parts := parts || r.parts; spent := r.spent;
    end if;
  end if;

  -- What the value holds.
  if v_type = 'array' then
    if p_schema ? 'prefixItems' or p_schema ? 'items' then
      v_count := coalesce(jsonb_array_length(p_schema -> 'prefixItems'), 0);
      for v_item, v_hits in select e, (n - 1)::int from jsonb_array_elements(p_value) with ordinality x(e, n) loop
        exit when spent > 20000 or jsonb_array_length(problems) >= 50;
        v_part := case when v_hits < v_count then p_schema -> 'prefixItems' -> v_hits else p_schema -> 'items' end;
        exit when v_part is null;
        r := meshhook_engine.schema_check(p_root, v_part, v_item, p_at || '/' || v_hits, p_depth + 1, spent);
        problems := problems || r.problems; spent := r.spent;
      end loop;
      upto := greatest(upto, case when p_schema ? 'items' then 2147483647 else v_count end);
    end if;
    if p_schema ? 'contains' then
      v_hits := 0;
      for v_item, v_count in select e, (n - 1)::int from jsonb_array_elements(p_value) with ordinality x(e, n) loop
        exit when spent > 20000;
        r := meshhook_engine.schema_check(p_root, p_schema -> 'contains', v_item, p_at, p_depth + 1, spent);
        spent := r.spent;
        if r.problems = '[]' then
          v_hits := v_hits + 1;
          parts := parts || v_count;
        end if;
      end loop;
      if v_hits < coalesce((p_schema -> 'minContains')::numeric, 1) or v_hits > (p_schema -> 'maxContains')::numeric then
        problems := problems || jsonb_build_object('pointer', p_at, 'message', format('%s items are what contains asks for, %s', v_hits,
          concat_ws(' and ', 'at least ' || coalesce(p_schema ->> 'minContains', '1'), 'at most ' || (p_schema ->> 'maxContains')) || ' must be'));
      end if;
    end if;
    if p_schema ? 'unevaluatedItems' then
      for v_item, v_count in select e, (n - 1)::int from jsonb_array_elements(p_value) with ordinality x(e, n) loop
        exit when spent > 20000 or jsonb_array_length(problems) >= 50;
        continue when v_count < upto or v_count = any (parts);
        r := meshhook_engine.schema_check(p_root, p_schema -> 'unevaluatedItems', v_item, p_at || '/' || v_count, p_depth + 1, spent);
        problems := problems || r.problems; spent := r.spent;
      end loop;
      upto := 2147483647;
    end if;
  elsif v_type = 'object' then
    if p_schema ?| '{properties,patternProperties,additionalProperties,propertyNames}' then
      for v_name, v_item in select key, value from jsonb_each(p_value) loop
        exit when spent > 20000 or jsonb_array_length(problems) >= 50;
        v_hits := 0;
        if p_schema #> array['properties', v_name] is not null then
          v_hits := 1;
          r := meshhook_engine.schema_check(p_root, p_schema #> array['properties', v_name], v_item, meshhook_engine.pointer(p_at, v_name), p_depth + 1, spent);
          problems := problems || r.problems; spent := r.spent;
        end if;
        for v_part in select value from jsonb_each(coalesce(p_schema -> 'patternProperties', '{}')) where v_name ~ key loop
          v_hits := 1;
          r := meshhook_engine.schema_check(p_root, v_part, v_item, meshhook_engine.pointer(p_at, v_name), p_depth + 1, spent);
          problems := problems || r.problems; spent := r.spent;
        end loop;
        if v_hits = 0 and p_schema ? 'additionalProperties' then
          v_hits := 1;
          if p_schema -> 'additionalProperties' = 'false' then
            problems := problems || jsonb_build_object('pointer', meshhook_engine.pointer(p_at, v_name), 'message', 'there is no such property');
          else
            r := meshhook_engine.schema_check(p_root, p_schema -> 'additionalProperties', v_item, meshhook_engine.pointer(p_at, v_name), p_depth + 1, spent);
            problems := problems || r.problems; spent := r.spent;
          end if;
        end if;
        if v_hits = 1 then
          props := props || v_name;
        end if;
        if p_schema ? 'propertyNames' then
          r := meshhook_engine.schema_check(p_root, p_schema -> 'propertyNames', to_jsonb(v_name), meshhook_engine.pointer(p_at, v_name), p_depth + 1, spent);
          problems := problems || r.problems; spent := r.spent;
        end if;
      end loop;
    end if;
    for v_part in select d.value from jsonb_each(coalesce(p_schema -> 'dependentSchemas', '{}')) d where p_value ? d.key loop
      r := meshhook_engine.schema_check(p_root, v_part, p_value, p_at, p_depth + 1, spent);
      problems := problems || r.problems; props := props || r.props; upto := greatest(upto, r.upto); parts := parts || r.parts; spent := r.spent;
    end loop;
    if p_schema ? 'unevaluatedProperties' then
      for v_name, v_item in select key, value from jsonb_each(p_value) where not key = any (props) loop
        exit when spent > 20000 or jsonb_array_length(problems) >= 50;
        r := meshhook_engine.schema_check(p_root, p_schema -> 'unevaluatedProperties', v_item, meshhook_engine.pointer(p_at, v_name), p_depth + 1, spent);
        problems := problems || r.problems; spent := r.spent;
        props := props || v_name;
      end loop;
    end if;
  end if;
end $$;
