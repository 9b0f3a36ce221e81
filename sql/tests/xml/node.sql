-- The node: both ways in a run, its error port, its settings; proven like any other.
begin;
select plan(22);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object(
  'read', pg_temp.node('xml', '{"direction": "to_json", "value": "{{ trigger.body.xml }}", "parse_values": true}'),
  'write', pg_temp.node('xml', '{"direction": "to_xml", "value": {"order": {"@_id": "{{ steps.read.o.id }}", "n": "{{ trigger.body.n }}"}}}'),
  'no', pg_temp.node('transform', '{"expr": "steps.read.error.code"}')), pg_temp.edges('trigger>read', 'read>write', 'read:error>no'));
insert into mine select meshhook.start('proof', 'flow', '{"xml": "<o><id>7</id></o>", "n": [1, 2]}');
select is((pg_temp.run(run)).output, '{"write": "<order id=\"7\"><n>1</n><n>2</n></order>"}', 'there and back') from mine;
select is((select s.output from meshhook.run_steps s where s.run_id = run and s.step = 'read'), '{"o": {"id": 7}}', 'its step') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
truncate mine;
insert into mine select meshhook.start('proof', 'flow', '{"xml": "<o><id></o>"}');
select is((pg_temp.run(run)).output, '{"no": "MH_XML_SYNTAX"}', 'what is no XML takes the port error') from mine;
select is((select s.error - 'message' from meshhook.run_steps s where s.run_id = run and s.step = 'read'), '{"code": "MH_XML_SYNTAX", "step": "read", "position": 8}', 'with the character where') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select is((pg_temp.run(meshhook.start('proof', 'flow', '{"xml": {"not": "a text"}}'))).output, '{"no": "MH_XML_VALUE"}', 'nor is an object one');

-- Settings.
create function pg_temp.says(settings jsonb, variadic codes text[]) returns text language sql as $$
  select is((select coalesce(array_agg(v.code || replace(v.path, '/nodes/n/with', '') order by v.code, v.path), '{}')
    from meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'a', 'nodes', jsonb_build_object('n', jsonb_build_object('type', 'xml', 'with', settings)),
      'edges', '[{"from": "trigger", "to": "n"}]'::jsonb)) v), codes, settings::text) $$;
select pg_temp.says('{"direction": "to_json", "value": "{{ input }}", "attribute_prefix": "$", "text_key": "_", "trim": false, "ignore_attributes": true, "ignore_namespaces": true, "parse_values": true, "arrays": ["a"]}', variadic '{}');
select pg_temp.says('{"direction": "to_xml", "value": {"a": "{{ input }}"}, "root": "b", "pretty": true, "declaration": true}', variadic '{}');
select pg_temp.says('{}', 'MH_DEF_MISSING/direction', 'MH_DEF_MISSING/value');
select pg_temp.says('{"direction": "sideways", "value": 1}', 'MH_DEF_CHOICE/direction');
select pg_temp.says('{"direction": "to_json", "value": 1, "root": "a", "pretty": true}', 'MH_DEF_XML/pretty', 'MH_DEF_XML/root');
select pg_temp.says('{"direction": "to_xml", "value": 1, "arrays": [], "trim": 1}', 'MH_DEF_TYPE/trim', 'MH_DEF_XML/arrays', 'MH_DEF_XML/trim');
select pg_temp.says('{"direction": "to_json", "value": 1, "attribute_prefix": "", "text_key": ""}', 'MH_DEF_XML/attribute_prefix', 'MH_DEF_XML/text_key');
select pg_temp.says('{"direction": "to_json", "value": 1, "attribute_prefix": "#", "text_key": "#text"}', 'MH_DEF_XML/text_key');
select pg_temp.says('{"direction": "to_xml", "value": 1, "root": "a b"}', 'MH_DEF_XML/root');
select pg_temp.says('{"direction": "to_json", "value": 1, "arrays": ["a", 1]}', 'MH_DEF_TYPE/arrays/1');
select pg_temp.says('{"direction": "to_json", "value": "{{ input"}', 'MH_TEMPLATE_SYNTAX/value');
select pg_temp.says('{"direction": "to_json", "value": "{{ secrets.k }}"}', 'MH_DEF_SECRET_PLACE/value');
select pg_temp.says('{"direction": "to_json", "value": "{{ steps.gone }}"}', 'MH_DEF_REF_UNKNOWN/value');
select pg_temp.says('{"direction": 1, "value": 1, "x": 1}', 'MH_DEF_TYPE/direction', 'MH_DEF_UNKNOWN_KEY/x');
select pg_temp.says('{"direction": null, "value": null, "attribute_prefix": 1, "arrays": {}, "root": null}', 'MH_DEF_TYPE/arrays', 'MH_DEF_TYPE/attribute_prefix', 'MH_DEF_TYPE/direction', 'MH_DEF_TYPE/root');
select * from finish();
rollback;
