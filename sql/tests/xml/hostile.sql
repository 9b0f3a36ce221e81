-- XML that is none, or means harm: a code and the character where; nothing is loaded, nothing grows, no time is lost.
begin;
select plan(43);
create function pg_temp.refused(xml text, code text, at int, why text default null) returns text language plpgsql as $$
declare v_detail text; v_message text;
begin
  perform meshhook_engine.read_xml(xml,
    '{"attribute_prefix": "@_", "text_key": "#text", "trim": true, "ignore_attributes": true, "ignore_namespaces": false, "parse_values": false, "arrays": []}');
  return fail(coalesce(why, left(xml, 60)) || ': was read');
exception when sqlstate 'MH422' then
  get stacked diagnostics v_detail = pg_exception_detail, v_message = message_text;
  return is(split_part(v_message, ':', 1) || ' ' || coalesce(v_detail::jsonb ->> 'position', 'anywhere'), code || ' ' || coalesce(at::text, 'anywhere'), coalesce(why, left(xml, 60)));
end $$;
select pg_temp.refused('<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><a>&lol2;</a>', 'MH_XML_DOCTYPE', 1, 'a billion laughs');
select pg_temp.refused('<!doctype a SYSTEM "file:///etc/passwd"><a/>', 'MH_XML_DOCTYPE', 1, 'a file');
select pg_temp.refused('<a><!DOCTYPE b></a>', 'MH_XML_DOCTYPE', 4);
select pg_temp.refused('<!ENTITY x "y"><a/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a>&xxe;</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&lt</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&LT;</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&#0;</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&#x1;</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&#xD800;</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&#x110000;</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&#9999999;</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a>&#99999999999999;</a>', 'MH_XML_ENTITY', 1);
select pg_temp.refused('<a b="&x;"/>', 'MH_XML_ENTITY', 1, 'in an attribute, though attributes are not wanted');
select pg_temp.refused('', 'MH_XML_SYNTAX', 1, 'nothing');
select pg_temp.refused('   ', 'MH_XML_SYNTAX', 1, 'spaces');
select pg_temp.refused('{"a": 1}', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('x<a/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a/>x', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a/><b/>', 'MH_XML_SYNTAX', 5);
select pg_temp.refused('<a>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a><b></a></b>', 'MH_XML_SYNTAX', 7);
select pg_temp.refused('</a>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a></a></a>', 'MH_XML_SYNTAX', 8);
select pg_temp.refused('<a', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a b="<"/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a b=1/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a b/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a b="1"c="2"/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a b="1" b="2"/>', 'MH_XML_SYNTAX', 1, 'an attribute twice');
select pg_temp.refused('<1/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('< a/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a><!-- x</a>', 'MH_XML_SYNTAX', 14);
select pg_temp.refused('<![CDATA[x]]><a/>', 'MH_XML_SYNTAX', 1);
select pg_temp.refused('<a/> <?xml version="1.0"?>', 'MH_XML_SYNTAX', 6);
select pg_temp.refused(E'<a>\x02</a>', 'MH_XML_CHARACTER', null, 'a control character');
select pg_temp.refused(repeat('<a>', 101) || repeat('</a>', 101), 'MH_XML_DEPTH', 301, '101 levels');
select pg_temp.refused('<a>' || repeat('x', 1048576) || '</a>', 'MH_XML_TOO_LARGE', null, 'a long text');
select pg_temp.refused('<a>' || repeat('<b/>', 20000) || '</a>', 'MH_XML_TOO_LARGE', 80000, 'very many elements');
select pg_temp.refused(repeat('<', 1000000), 'MH_XML_TOO_LARGE', null, 'tags and nothing else');
select pg_temp.refused('<a ' || repeat('b="', 300000), 'MH_XML_SYNTAX', 1, 'quotes without end');
select pg_temp.refused('<a ' || repeat('b ', 500000) || '/>', 'MH_XML_SYNTAX', 1, 'half a million names');
select * from finish();
rollback;
