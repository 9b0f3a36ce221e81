-- Raises when an input violates the input.schema of a compiled definition; without one everything passes.
-- Called by: start.
create or replace function meshhook_engine.require_input(p_compiled jsonb, p_input jsonb) returns void
language plpgsql stable as $$
declare
  v_schema     jsonb := p_compiled #> '{input,schema}';
  v_violations jsonb;
begin
  if v_schema is null then
    return;
  end if;
  v_violations := meshhook_engine.schema_violations(v_schema, p_input);
  if v_violations <> '[]' then
    raise exception using
      errcode = 'MH422', message = 'MH_INPUT_SCHEMA: ' || meshhook_engine.violations_text(v_violations),
      detail = jsonb_build_object('code', 'MH_INPUT_SCHEMA', 'errors', v_violations)::text,
      hint = 'The detail names every place; the schema is input.schema of the workflow''s definition.';
  end if;
end $$;
