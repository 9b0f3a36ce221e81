-- JSON to XML, and there and back.
begin;
select plan(28);
create function pg_temp.read(xml text) returns jsonb language sql as $$ select meshhook_engine.read_xml(xml,
  '{"attribute_prefix": "@_", "text_key": "#text", "trim": false, "ignore_attributes": false, "ignore_namespaces": false, "parse_values": false, "arrays": []}') $$;
create function pg_temp.write(value jsonb, options jsonb default '{}') returns text language sql as $$ select meshhook_engine.write_xml(value,
  '{"attribute_prefix": "@_", "text_key": "#text", "root": null, "pretty": false, "declaration": false}'::jsonb || options) $$;
create function pg_temp.refused(value jsonb, code text, path text, options jsonb default '{}') returns text language plpgsql as $$
declare v_detail text; v_message text;
begin
  return fail(left(value::text, 60) || ' became ' || pg_temp.write(value, options));
exception when sqlstate 'MH422' then
  get stacked diagnostics v_detail = pg_exception_detail, v_message = message_text;
  return is(split_part(v_message, ':', 1) || ' ' || coalesce(v_detail::jsonb ->> 'path', 'anywhere'), code || ' ' || path, left(value::text, 60));
end $$;
select is(pg_temp.write('{"a": {"@_b": "1<\"\n", "#text": "x&y", "c": [1, null, {"d": ""}, {}], "e": []}}'), '<a b="1&lt;&quot;&#10;">x&amp;y<c>1</c><c/><c><d/></c><c/></a>', 'all there is');
select is(pg_temp.write('{"a": {"b": {"c": "x", "@_k": true}, "d": 1.50}}', '{"pretty": true, "declaration": true}'), $x$<?xml version="1.0" encoding="UTF-8"?>
<a>
  <b k="true">
    <c>x</c>
  </b>
  <d>1.50</d>
</a>$x$, 'for people');
select is(pg_temp.write('"x"', '{"root": "a"}'), '<a>x</a>', 'a root by name');
select is(pg_temp.write('{"b": 1, "c": 2}', '{"root": "a"}'), '<a><b>1</b><c>2</c></a>', 'for what has several keys');
select is(pg_temp.write('{"a": {"$b": 1, "v": "x"}}', '{"attribute_prefix": "$", "text_key": "v"}'), '<a b="1">x</a>', 'other keys');
select is(pg_temp.write('{"a": null}'), '<a/>', 'nothing');
select is(pg_temp.write('{"a": {"#text": "]]> </a><b>"}}'), '<a>]]&gt; &lt;/a&gt;&lt;b&gt;</a>', 'text stays text');

select is(pg_temp.read(pg_temp.write(v)), v, v::text) from (values
  ('{"a": ""}'::jsonb), ('{"a": {"b": ["1", "2", ""], "@_x": "<&>\"''\t\n", "#text": "a & b < c > d \" ''"}}'), ('{"ns:a": {"ns:b": {"@_xml:lang": "de", "c": {"d": {"e": "😀 é"}}}}}'),
  ('{"a": {"b": {"c": ["x", {"d": "y"}]}, "#text": " z "}}'), ('{"a": "line\nline\r\tend "}')) x(v);
select is(pg_temp.write(pg_temp.read(x)), x, x) from (values
  ('<a/>'), ('<a b="1"><c/><c>2</c></a>'), ('<a>x&amp;lt;</a>'), ('<a><b><c d="&lt;"/></b></a>')) v(x);

select pg_temp.refused('[1]', 'MH_XML_ROOT', '');
select pg_temp.refused('"x"', 'MH_XML_ROOT', '');
select pg_temp.refused('{"a": 1, "b": 2}', 'MH_XML_ROOT', '');
select pg_temp.refused('{"a": [1]}', 'MH_XML_ROOT', '/a');
select pg_temp.refused('{"a": {"b": [1, [2]]}}', 'MH_XML_VALUE', '/a/b/1');
select pg_temp.refused('{"a": {"#text": {"b": 1}}}', 'MH_XML_VALUE', '/a');
select pg_temp.refused('{"a": {"b><script": 1}}', 'MH_XML_NAME', '/a/b><script');
select pg_temp.refused('{"a": {"": 1}}', 'MH_XML_NAME', '/a/');
select pg_temp.refused('{"a": {"c": {"@_b x": 1}}}', 'MH_XML_ATTRIBUTE', '/a/c');
select pg_temp.refused('{"a": {"@_b": {}}}', 'MH_XML_ATTRIBUTE', '/a');
select pg_temp.refused('{"a": "\u0001"}', 'MH_XML_CHARACTER', '/a');
select pg_temp.refused((repeat('{"a":', 101) || '1' || repeat('}', 101))::jsonb, 'MH_XML_DEPTH', repeat('/a', 101));
select * from finish();
rollback;
