-- What in a value violates a schema: [{"pointer", "message"}], at most 50; [] when nothing does. Never raises: what PostgreSQL
-- itself refuses (a number beyond its bounds) is a violation of the whole.
-- Called by: sift_schemas, require_input.
create or replace function meshhook_engine.schema_violations(p_schema jsonb, p_value jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_problems jsonb;
  v_spent    int;
begin
  select c.problems, c.spent into v_problems, v_spent
  from meshhook_engine.schema_check(p_schema, p_schema, coalesce(p_value, 'null'), '', 0, 0) c;
  if v_spent > 20000 then
    return jsonb_build_array(jsonb_build_object('pointer', '', 'message', 'the value is too large to be checked: it takes more than 20000 checks'));
  end if;
  if jsonb_array_length(v_problems) > 50 then
    v_problems := jsonb_path_query_array(v_problems, '$[0 to 49]');
  end if;
  return v_problems;
exception
  when others then
    return jsonb_build_array(jsonb_build_object('pointer', '', 'message', 'cannot be checked: ' || sqlerrm));
end $$;
