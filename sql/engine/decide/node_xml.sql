-- xml: a text as JSON, or a value as text. Called by: decide.
create or replace function meshhook_engine.node_xml(p_node jsonb, p_root jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_value jsonb := meshhook_expr.render(p_node -> 'value', p_root);
begin
  if p_node ->> 'direction' = 'to_xml' then
    return to_jsonb(meshhook_engine.write_xml(v_value, p_node -> 'options'));
  end if;
  if jsonb_typeof(v_value) <> 'string' then
    perform meshhook_engine.refuse_xml('MH_XML_VALUE', format('XML is a text, got %s', meshhook_engine.quote(v_value)), p_path => '');
  end if;
  return meshhook_engine.read_xml(v_value #>> '{}', p_node -> 'options');
end $$;
