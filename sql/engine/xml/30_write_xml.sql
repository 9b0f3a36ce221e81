-- A JSON value as XML: the reverse of read_xml. A key is an element, an array one element each of that name, a key that begins
-- with the prefix an attribute, the text key the element's text. null, "" and {} are empty elements; [] is none.
-- JSON objects have no order: elements come out as jsonb keeps its keys (shorter names first, then by their bytes).
--
-- p_options (all there, see define_xml): attribute_prefix, text_key, root, pretty, declaration.
-- Guarantees: well-formed or an error with the JSON pointer where; time goes with the size times the depth. Limits: 100
-- levels, 20000 elements, 1 MiB of XML.
-- No jit: the planner expects so many rows of functions that compiling would take seconds for the smallest value.
-- Called by: node_xml.
create or replace function meshhook_engine.write_xml(p_value jsonb, p_options jsonb) returns text
language plpgsql immutable parallel safe set jit = off as $$
declare
  v_prefix text := p_options ->> 'attribute_prefix';
  v_key    text := p_options ->> 'text_key';
  v_root   text := p_options ->> 'root';
  v_pretty boolean := (p_options -> 'pretty')::boolean;
  v_value  jsonb := p_value;
  v_xml    text;
  v_bad    text[];
  v_count  bigint;
begin
  if v_root is null then
    if jsonb_typeof(v_value) <> 'object' or (select count(*) from jsonb_object_keys(v_value)) <> 1 then
      perform meshhook_engine.refuse_xml('MH_XML_ROOT', 'XML has one root element: give an object with one key, or set root', p_path => '');
    end if;
    select key, value into v_root, v_value from jsonb_each(p_value);
  end if;
  if jsonb_typeof(v_value) = 'array' then
    perform meshhook_engine.refuse_xml('MH_XML_ROOT', 'an array would make more than one root element', p_path => meshhook_engine.pointer('', v_root));
  end if;

  with recursive walk(place, depth, name, value, path) as (
    select array[1], 1, v_root, v_value, meshhook_engine.pointer('', v_root)
    union all
    select w.place || k.o::int || c.i, w.depth + 1, k.key, c.value, meshhook_engine.pointer(w.path, k.key) || c.path
    from walk w
    cross join lateral jsonb_each(case jsonb_typeof(w.value) when 'object' then w.value else '{}' end) with ordinality k(key, value, o)
    cross join lateral (
      select 0 as i, k.value, '' as path where jsonb_typeof(k.value) <> 'array'
      union all
      select x.i::int, x.value, '/' || (x.i - 1)
      from jsonb_array_elements(case jsonb_typeof(k.value) when 'array' then k.value else '[]' end) with ordinality x(value, i)
    ) c
    where w.depth < 101 and k.key <> v_key and left(k.key, length(v_prefix)) <> v_prefix
  ),
  element as materialized (
    select w.place, w.depth, w.name, w.path, jsonb_typeof(w.value) as type,
           case jsonb_typeof(w.value) when 'object' then w.value -> v_key else w.value end as content,
           a.attrs, a.bad,
           jsonb_typeof(w.value) = 'object' and exists (
             select from jsonb_each(w.value) k
             where k.key <> v_key and left(k.key, length(v_prefix)) <> v_prefix and k.value <> '[]') as has_elements
    from walk w
    cross join lateral (
      select string_agg(format(' %s="%s"', substr(k.key, length(v_prefix) + 1),
               replace(replace(replace(replace(replace(replace(replace(k.value #>> '{}', '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), E'\t', '&#9;'), E'\n', '&#10;'), E'\r', '&#13;')),
               '' order by k.o) as attrs,
             min(k.key) filter (where jsonb_typeof(k.value) in ('object', 'array', 'null')
               or substr(k.key, length(v_prefix) + 1) !~ meshhook_engine.xml_name() or k.value #>> '{}' ~ meshhook_engine.xml_never()) as bad
      from jsonb_each(case jsonb_typeof(w.value) when 'object' then w.value else '{}' end) with ordinality k(key, value, o)
      where k.key <> v_key and left(k.key, length(v_prefix)) = v_prefix
    ) a
  ),
  judged as (
    select e.*, x.text, case
        when e.depth > 100 then array['MH_XML_DEPTH', 'elements are nested deeper than 100 levels']
        when e.name !~ meshhook_engine.xml_name() then array['MH_XML_NAME', format('"%s" is no name of an element', left(e.name, 60))]
        when e.type = 'array' then array['MH_XML_VALUE', 'an array inside an array has no element name']
        when jsonb_typeof(e.content) in ('object', 'array') then array['MH_XML_VALUE', format('the text of an element (%s) is a string, a number, true or false', v_key)]
        when e.content #>> '{}' ~ meshhook_engine.xml_never() then array['MH_XML_CHARACTER', 'the text holds a control character, which XML has no place for']
        when e.bad is not null then array['MH_XML_ATTRIBUTE', format('"%s" is no attribute: a legal name, and a string without control characters, a number, true or false', left(e.bad, 60))]
      end as wrong
    from element e
    cross join lateral (
      select coalesce(replace(replace(replace(replace(e.content #>> '{}', '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), E'\r', '&#13;'), '') as text
    ) x
  ),
  line as (
    -- An element without elements is one line; one with elements begins with a line and ends with another, behind all that it holds.
    select j.place || 0 as place, case
      when j.has_elements then format('<%s%s>', j.name, j.attrs) || case when j.text <> '' then case when v_pretty then E'\n' || repeat('  ', j.depth) else '' end || j.text else '' end
      when j.text = '' then format('<%s%s/>', j.name, j.attrs)
      else format('<%s%s>%s</%s>', j.name, j.attrs, j.text, j.name) end as text, j.depth
    from judged j
    union all
    select j.place || 2147483647, format('</%s>', j.name), j.depth from judged j where j.has_elements
  )
  select string_agg(case when v_pretty then repeat('  ', l.depth - 1) else '' end || l.text, case when v_pretty then E'\n' else '' end order by l.place),
         (select f.wrong || f.path from judged f where f.wrong is not null order by f.place limit 1),
         (select count(*) from element)
  into v_xml, v_bad, v_count
  from line l;
  if v_bad is not null then
    perform meshhook_engine.refuse_xml(v_bad[1], v_bad[2], p_path => v_bad[3]);
  end if;
  if v_count > 20000 then
    perform meshhook_engine.refuse_xml('MH_XML_TOO_LARGE', format('%s elements, at most 20000 can be written', v_count));
  end if;
  if octet_length(v_xml) > 1048576 then
    perform meshhook_engine.refuse_xml('MH_XML_TOO_LARGE', format('%s bytes of XML, at most 1048576 can be written', octet_length(v_xml)));
  end if;
  return case when (p_options -> 'declaration')::boolean
    then '<?xml version="1.0" encoding="UTF-8"?>' || case when v_pretty then E'\n' else '' end else '' end || v_xml;
end $$;
