-- A request against the input.schema of each workflow it would start: those it violates are not started; when none is left
-- it is invalid, and door.violations has what the primary one found: [{"pointer", "message"}].
-- Called by: sift. Writes nothing.
create or replace function meshhook_engine.sift_schemas(p_one meshhook_engine.received) returns meshhook_engine.received
language plpgsql stable as $$
declare
  v_workflows  int[] := '{}';
  v_runs       uuid[] := '{}';
  v_violations jsonb;
  v_first      jsonb;
  v_schema     jsonb;
begin
  for k in 1 .. cardinality(p_one.workflows) loop
    v_schema := p_one.door -> 'schemas' -> p_one.workflows[k]::text;
    v_violations := case when v_schema is null then '[]' else meshhook_engine.schema_violations(v_schema, p_one.trigger -> 'body') end;
    if v_violations = '[]' then
      v_workflows := v_workflows || p_one.workflows[k];
      v_runs := v_runs || p_one.run_ids[k];
    else
      v_first := coalesce(v_first, v_violations);
    end if;
  end loop;
  if v_workflows = '{}' then
    p_one.verdict := 'invalid';
    p_one.cause := 'MH_INPUT_SCHEMA';
    p_one.message := meshhook_engine.violations_text(v_first);
    p_one.trigger := null;
    p_one.door := p_one.door || jsonb_build_object('violations', v_first);
  end if;
  p_one.workflows := v_workflows;
  p_one.run_ids := v_runs;
  return p_one;
end $$;
