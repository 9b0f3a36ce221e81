-- What an error of the expression language says, as a problem: its own code, its place, its sentence.
-- Called by: read_expression, read_template.
create or replace function meshhook_engine.expression_problem(p_message text, p_detail text, p_path text, p_node text)
returns meshhook_engine.problem
language plpgsql immutable parallel safe as $$
declare
  v_detail   jsonb := case when p_detail like '{%' then p_detail::jsonb else '{}' end;
  v_code     text := coalesce(v_detail ->> 'code', substring(p_message from '^(MH_[A-Z0-9_]+): '), 'MH_EXPR');
  v_sentence text := regexp_replace(p_message, '^MH_[A-Z0-9_]+: ', '');
begin
  if v_detail ->> 'position' is not null then
    v_sentence := format('%s (at character %s)', v_sentence, v_detail ->> 'position');
  end if;
  return meshhook_engine.problem(v_code, p_path, p_node, v_sentence);
end $$;
