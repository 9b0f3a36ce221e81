-- XML to JSON: what comes of elements, attributes, texts, and the options.
begin;
select plan(27);
create function pg_temp.read(xml text, options jsonb default '{}') returns jsonb language sql as $$ select meshhook_engine.read_xml(xml,
  '{"attribute_prefix": "@_", "text_key": "#text", "trim": true, "ignore_attributes": false, "ignore_namespaces": false, "parse_values": false, "arrays": []}'::jsonb || options) $$;
select is(pg_temp.read('<a/>'), '{"a": ""}', 'nothing in it');
select is(pg_temp.read(E'<a>\n x \n</a>'), '{"a": "x"}', 'text');
select is(pg_temp.read('<a b="1">x</a>'), '{"a": {"@_b": "1", "#text": "x"}}', 'text and an attribute');
select is(pg_temp.read('<a b = ''1"''' || E'\n' || ' c="&lt;&#65;&#x1F600;"/>'), '{"a": {"@_b": "1\"", "@_c": "<A😀"}}', 'either quote, spaces, references');
select is(pg_temp.read('<a><b>1</b><c/><b>2</b></a>'), '{"a": {"b": ["1", "2"], "c": ""}}', 'several of a name are an array, wherever they stand');
select is(pg_temp.read('<a>one<b/>two</a>'), '{"a": {"b": "", "#text": "onetwo"}}', 'text around elements is put together');
select is(pg_temp.read('<a><![CDATA[<x>&amp;]]]]><![CDATA[>]]> &amp; more</a>'), '{"a": "<x>&amp;]]> & more"}', 'CDATA is taken as it stands');
select is(pg_temp.read(E'\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<!-- a < b -->\n<a><!-- > -- --><?php < ?>x</a>\n<!-- end -->'), '{"a": "x"}', 'declaration, comments and instructions say nothing');
select is(pg_temp.read('<a b="x > y">1 > 0</a>'), '{"a": {"@_b": "x > y", "#text": "1 > 0"}}', '> may stand anywhere');
select is(pg_temp.read('<a>&amp;lt;</a>'), '{"a": "&lt;"}', 'what a reference makes is not read again');
select is(pg_temp.read('<a>&#38;lt;&lt;</a>'), '{"a": "&lt;<"}', 'nor when it is a number');
select is(pg_temp.read(E'<a>x\r\ny\rz</a>'), '{"a": "x\ny\nz"}', 'line ends are one character');
select is(pg_temp.read(E'<a b="x\n\ty"/>'), '{"a": {"@_b": "x  y"}}', 'in an attribute they are spaces');
select is(pg_temp.read('<größe ß="1">é</größe>'), '{"größe": {"@_ß": "1", "#text": "é"}}', 'names of other languages');

select is(pg_temp.read('<s:a xmlns:s="urn:x"><s:b/><b t:c="1"/></s:a>'), '{"s:a": {"b": {"@_t:c": "1"}, "s:b": "", "@_xmlns:s": "urn:x"}}', 'prefixes of namespaces are part of the name');
select is(pg_temp.read('<s:a xmlns:s="urn:x" xmlns="y"><s:b/><b t:c="1" u:c="2"/></s:a>', '{"ignore_namespaces": true}'), '{"a": {"b": ["", {"@_c": ["1", "2"]}]}}', 'or left away, and nothing is lost');
select is(pg_temp.read('<a b="1">x</a>', '{"attribute_prefix": "$", "text_key": "value"}'), '{"a": {"$b": "1", "value": "x"}}', 'other keys');
select is(pg_temp.read('<a b="1">x</a>', '{"ignore_attributes": true}'), '{"a": "x"}', 'without attributes');
select is(pg_temp.read('<a>1.50</a>', '{"parse_values": true}') #>> '{a}', '1.50', 'a number with all its digits');
select is(pg_temp.read('<a><b>true</b><b>-7</b><b>007</b><b>1e5</b><b>12345678901234567890</b><b>NaN</b><b/></a>', '{"parse_values": true}'), '{"a": {"b": [true, -7, "007", "1e5", 12345678901234567890, "NaN", ""]}}',
  'only what is written as JSON writes it');
select is(pg_temp.read('<a><b>1</b></a>', '{"arrays": ["b"]}'), '{"a": {"b": ["1"]}}', 'an array of one, where that is said');
select is(pg_temp.read(E'<a> x <b> </b>\n</a>', '{"trim": false}'), '{"a": {"b": " ", "#text": " x \n"}}', 'untrimmed');
select is(pg_temp.read(E'<a>\n<b> y</b>\n</a>', '{"trim": false}'), '{"a": {"b": " y"}}', 'and still no text of spaces between elements');
select is(pg_temp.read('<a c="1"><xb/></a>', '{"attribute_prefix": "x"}'), '{"a": {"xb": "", "xc": "1"}}', 'a prefix that names begin with as well');
select throws_like($$select pg_temp.read('<a b="1"><xb/></a>', '{"attribute_prefix": "x"}')$$, 'MH_XML_CLASH:%', 'until two things share a key');
select throws_like($$select pg_temp.read('<a>1<t/></a>', '{"text_key": "t"}')$$, 'MH_XML_CLASH:%', 'text and element as well');
select is(pg_temp.read('<r>' || (select string_agg(format('<i n="%s">%s</i>', n, n), '' order by n) from generate_series(1, 5000) n) || '</r>') #> '{r,i,4321}', '{"@_n": "4322", "#text": "4322"}', 'order is kept');
select * from finish();
rollback;
