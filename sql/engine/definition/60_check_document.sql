-- Everything of a definition that is neither node nor edge: name, input, policy, respond, ui, pins. What is checked for its
-- shape but not acted on by this version of the engine is named in a warning, so that nobody relies on it unawares.
-- Called by: read_definition.
create or replace function meshhook_engine.check_document(p_definition jsonb) returns meshhook_engine.problem[]
language plpgsql immutable as $$
declare
  v_problems meshhook_engine.problem[];
  v_policy   jsonb := p_definition -> 'policy';
  v_part     jsonb;
  v_i        bigint;
begin
  v_problems := meshhook_engine.check_fields(p_definition, '{
    "apiVersion": {"is": "any"}, "name": {"is": "any"}, "title": {"is": "text", "max": 200},
    "input": {"is": "any"}, "nodes": {"is": "object"}, "edges": {"is": "array", "max": 100000},
    "policy": {"is": "any"}, "respond": {"is": "any"}, "ui": {"is": "object"}, "pins": {"is": "object"}}', '', null, '{apiVersion,name,nodes,edges}');
  if p_definition ? 'apiVersion' and p_definition -> 'apiVersion' <> '"meshhook/v1"' then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_API_VERSION', '/apiVersion', null,
      format('%s is not "meshhook/v1"', meshhook_engine.quote(p_definition -> 'apiVersion')));
  end if;
  if p_definition ? 'name' and (jsonb_typeof(p_definition -> 'name') <> 'string' or p_definition ->> 'name' !~ '^[a-z0-9][a-z0-9_-]{0,62}$') then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_NAME', '/name', null,
      format('%s is no workflow name: lower case letters, digits, - and _, 63 at most', meshhook_engine.quote(p_definition -> 'name')));
  end if;

  if p_definition ? 'input' then
    v_problems := v_problems || meshhook_engine.check_fields(p_definition -> 'input', '{"schema": {"is": "any"}}', '/input', null);
    v_part := p_definition #> '{input,schema}';
    if v_part is not null then
      v_problems := v_problems || meshhook_engine.schema_problems(v_part, '/input/schema');
    end if;
  end if;

  if p_definition ? 'policy' then
    v_problems := v_problems || meshhook_engine.check_fields(v_policy, '{
      "deadline": {"is": "duration", "min": 1000, "max": 315360000000}, "concurrency": {"is": "any"}, "debounce": {"is": "any"},
      "retention": {"is": "duration", "min": 3600000, "max": 315360000000}, "redact": {"is": "array", "max": 200},
      "error_workflow": {"is": "text", "max": 63}}', '/policy', null);
    if jsonb_typeof(v_policy) = 'object' then
      v_problems := v_problems || meshhook_engine.check_holds(v_policy);
    end if;
    if jsonb_typeof(v_policy -> 'error_workflow') = 'string' and v_policy ->> 'error_workflow' !~ '^[a-z0-9][a-z0-9_-]{0,62}$' then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_NAME', '/policy/error_workflow', null,
        format('%s is no workflow name: lower case letters, digits, - and _, 63 at most', meshhook_engine.quote(v_policy -> 'error_workflow')));
    end if;
    if jsonb_typeof(v_policy -> 'redact') = 'array' then
      for v_part, v_i in select value, ordinality - 1 from jsonb_array_elements(v_policy -> 'redact') with ordinality limit 200 loop
        v_problems := v_problems || (meshhook_engine.read_expression(v_part, '/policy/redact/' || v_i, null)).problems;
      end loop;
    end if;
    v_problems := v_problems || array(
      select meshhook_engine.problem('MH_DEF_NOT_ENFORCED', '/policy/' || feature, null,
        format('this version of the engine keeps policy.%s but does not act on it', feature), 'warning')
      from unnest(array['redact', 'retention']) feature
      where jsonb_typeof(v_policy) = 'object' and v_policy ? feature);
  end if;

  if p_definition ? 'respond' then
    v_problems := v_problems || meshhook_engine.check_fields(p_definition -> 'respond', '{
      "mode": {"is": "choice", "of": ["ack", "wait"]}, "timeout": {"is": "duration", "min": 1, "max": 60000}}', '/respond', null, '{mode}');
  end if;
  return v_problems;
end $$;
