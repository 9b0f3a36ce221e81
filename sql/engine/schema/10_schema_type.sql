-- Whether a value is of a type of JSON Schema; 2.0 is an integer. Called by: schema_check.
create or replace function meshhook_engine.schema_type(p_value jsonb, p_type text) returns boolean
language sql immutable parallel safe
return case p_type
  when 'integer' then jsonb_typeof(p_value) = 'number' and (p_value::numeric % 1) = 0
  else jsonb_typeof(p_value) = p_type end;
