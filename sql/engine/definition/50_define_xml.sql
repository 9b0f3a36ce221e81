-- xml: checks and compiles its `with`: direction and value, and options with their defaults. A prefix or text key that could be
-- the name of an element is allowed; two things that would share one key are an error at run time.
-- Called by: define_node.
create or replace function meshhook_engine.define_xml(
  p_with jsonb, p_path text, p_node text,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_read  record;
  v_value jsonb;
  v_bad   record;
  v_own   text[];  -- options of the direction
begin
  ports := '["out", "error"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{
    "direction": {"is": "choice", "of": ["to_json", "to_xml"]}, "value": {"is": "any"},
    "attribute_prefix": {"is": "text", "max": 20}, "text_key": {"is": "text", "max": 100}, "trim": {"is": "bool"},
    "ignore_attributes": {"is": "bool"}, "ignore_namespaces": {"is": "bool"}, "parse_values": {"is": "bool"},
    "arrays": {"is": "array", "max": 100}, "root": {"is": "text", "max": 200}, "pretty": {"is": "bool"},
    "declaration": {"is": "bool"}}', p_path, p_node, '{direction,value}');
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  v_own := case p_with ->> 'direction'
    when 'to_json' then '{trim,ignore_attributes,ignore_namespaces,parse_values,arrays}'::text[]
    when 'to_xml' then '{root,pretty,declaration}'::text[] end;
  problems := problems || array(
    select meshhook_engine.problem('MH_DEF_XML', meshhook_engine.pointer(p_path, key), p_node, format('"%s" says nothing with direction %s', key, p_with ->> 'direction'))
    from jsonb_object_keys(p_with) key
    where v_own is not null and key <> all (v_own)
      and key in ('trim', 'ignore_attributes', 'ignore_namespaces', 'parse_values', 'arrays', 'root', 'pretty', 'declaration'));
  for v_bad in
    select key from jsonb_each(p_with) where key in ('attribute_prefix', 'text_key') and value = '""'
  loop
    problems := problems || meshhook_engine.problem('MH_DEF_XML', meshhook_engine.pointer(p_path, v_bad.key), p_node, format('"%s" is empty', v_bad.key));
  end loop;
  if jsonb_typeof(p_with -> 'attribute_prefix') = 'string' and jsonb_typeof(p_with -> 'text_key') = 'string'
     and p_with ->> 'attribute_prefix' <> '' and starts_with(p_with ->> 'text_key', p_with ->> 'attribute_prefix') then
    problems := problems || meshhook_engine.problem('MH_DEF_XML', p_path || '/text_key', p_node, 'the key of the text begins as those of attributes do');
  end if;
  if jsonb_typeof(p_with -> 'root') = 'string' and p_with ->> 'root' !~ meshhook_engine.xml_name() then
    problems := problems || meshhook_engine.problem('MH_DEF_XML', p_path || '/root', p_node, format('%s is no name of an element', meshhook_engine.quote(p_with -> 'root')));
  end if;
  if jsonb_typeof(p_with -> 'arrays') = 'array' then
    problems := problems || array(
      select meshhook_engine.problem('MH_DEF_TYPE', p_path || '/arrays/' || (ord - 1), p_node, format('expected the name of an element, got %s', meshhook_engine.quote(name)))
      from jsonb_array_elements(p_with -> 'arrays') with ordinality x(name, ord) where jsonb_typeof(name) <> 'string' and ord <= 100);
  end if;
  if p_with ? 'value' then
    select * into v_read from meshhook_engine.read_template(p_with -> 'value', p_path || '/value', p_node);
    v_value := v_read.template;
    uses := uses || jsonb_build_object('path', p_path || '/value', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
  compiled := jsonb_build_object('direction', p_with -> 'direction', 'value', v_value, 'options', case p_with ->> 'direction'
    when 'to_json' then '{"attribute_prefix": "@_", "text_key": "#text", "trim": true, "ignore_attributes": false, "ignore_namespaces": false, "parse_values": false, "arrays": []}'::jsonb
    else '{"attribute_prefix": "@_", "text_key": "#text", "root": null, "pretty": false, "declaration": false}' end
    || (p_with - array['direction', 'value']));
end $$;
