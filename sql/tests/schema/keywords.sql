-- JSON Schema 2020-12, keyword by keyword: what passes, what does not, and where.
begin;
create temp table cases (schema jsonb, value jsonb, places text);
insert into cases values
  ('true', '7', ''), ('false', '7', '-'), ('{}', 'null', ''), ('{"title": "x", "format": "email", "default": 1}', '"no mail"', ''),
  ('{"type": "integer"}', '7', ''), ('{"type": "integer"}', '7.0', ''), ('{"type": "integer"}', '7.5', '-'), ('{"type": "number"}', '7.5', ''), ('{"type": ["string", "null"]}', 'null', ''),
  ('{"type": ["string", "null"]}', '1', '-'), ('{"type": "object"}', '[]', '-'), ('{"type": "boolean"}', 'true', ''), ('{"type": "array"}', '{}', '-'),
  ('{"const": {"a": [1, 2]}}', '{"a": [1.0, 2]}', ''), ('{"const": 1}', '"1"', '-'), ('{"enum": [1, "a", null]}', 'null', ''), ('{"enum": [1, "a"]}', '"b"', '-'),
  ('{"minimum": 3, "maximum": 5}', '3', ''), ('{"minimum": 3}', '2.99', '-'), ('{"maximum": 5}', '5.01', '-'), ('{"exclusiveMinimum": 3}', '3', '-'), ('{"exclusiveMaximum": 5}', '5', '-'), ('{"minimum": 3}', '"1"', ''),
  ('{"multipleOf": 0.01}', '19.99', ''), ('{"multipleOf": 0.01}', '19.999', '-'), ('{"multipleOf": 3}', '9007199254740993', ''), ('{"multipleOf": 2}', '9007199254740993', '-'),
  ('{"minLength": 2, "maxLength": 3}', '"ab"', ''), ('{"minLength": 2}', '"a"', '-'), ('{"maxLength": 1}', '"ab"', '-'), ('{"maxLength": 1}', '"😀"', ''), ('{"maxLength": 1}', '77', ''),
  ('{"pattern": "^[a-z]+$"}', '"abc"', ''), ('{"pattern": "b"}', '"abc"', ''), ('{"pattern": "^b"}', '"abc"', '-'), ('{"pattern": "\\d{3}"}', '"a123"', ''),
  ('{"items": {"type": "number"}}', '[1, 2]', ''), ('{"items": {"type": "number"}}', '[1, "2", 3, null]', '/1 /3'), ('{"items": false}', '[]', ''), ('{"items": false}', '[1]', '/0'),
  ('{"prefixItems": [{"type": "string"}, {"type": "number"}]}', '["a"]', ''), ('{"prefixItems": [{"type": "string"}], "items": {"type": "number"}}', '["a", 1, "b"]', '/2'),
  ('{"minItems": 1, "maxItems": 2}', '[]', '-'), ('{"maxItems": 2}', '[1, 2, 3]', '-'), ('{"uniqueItems": true}', '[1, 1.0]', '-'), ('{"uniqueItems": true}', '[{"a": 1}, {"a": 2}]', ''),
  ('{"contains": {"const": 1}}', '[0, 1]', ''), ('{"contains": {"const": 1}}', '[0]', '-'), ('{"contains": {"const": 1}, "minContains": 0}', '[]', ''), ('{"contains": {"const": 1}, "minContains": 2, "maxContains": 3}', '[1, 1]', ''),
  ('{"contains": {"const": 1}, "maxContains": 1}', '[1, 1]', '-'),
  ('{"properties": {"a": {"type": "string"}, "b": {"properties": {"c": {"minimum": 1}}}}}', '{"a": 1, "b": {"c": 0}}', '/a /b/c'), ('{"properties": {"a/b~": false}}', '{"a/b~": 1}', '/a~1b~0'),
  ('{"required": ["a", "b"]}', '{"a": null}', '-'), ('{"required": ["a"]}', '[]', ''), ('{"minProperties": 1}', '{}', '-'), ('{"maxProperties": 1}', '{"a": 1, "b": 2}', '-'),
  ('{"properties": {"a": true}, "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false}', '{"a": 1, "x-b": "s", "c": 1}', '/c'),
  ('{"patternProperties": {"^x-": {"type": "string"}}}', '{"x-b": 1}', '/x-b'), ('{"additionalProperties": {"type": "number"}}', '{"a": 1, "b": "x"}', '/b'), ('{"propertyNames": {"maxLength": 2}}', '{"abc": 1}', '/abc'),
  ('{"dependentRequired": {"card": ["address"]}}', '{"card": 1}', '-'), ('{"dependentRequired": {"card": ["address"]}}', '{}', ''), ('{"dependentSchemas": {"a": {"required": ["b"]}}}', '{"a": 1}', '-'),
  ('{"allOf": [{"minimum": 1}, {"maximum": 3}]}', '2', ''), ('{"allOf": [{"minimum": 1}, {"maximum": 3}]}', '4', '-'), ('{"anyOf": [{"type": "string"}, {"minimum": 3}]}', '4', ''), ('{"anyOf": [{"type": "string"}, {"minimum": 3}]}', '2', '-'),
  ('{"oneOf": [{"type": "number"}, {"minimum": 3}]}', '2', ''), ('{"oneOf": [{"type": "number"}, {"minimum": 3}]}', '4', '-'), ('{"not": {"type": "string"}}', '"a"', '-'), ('{"not": {"type": "string"}}', '1', ''),
  ('{"if": {"properties": {"k": {"const": "a"}}}, "then": {"required": ["x"]}, "else": {"required": ["y"]}}', '{"k": "a", "x": 1}', ''), ('{"if": {"properties": {"k": {"const": "a"}}}, "then": {"required": ["x"]}, "else": {"required": ["y"]}}', '{"k": "b"}', '-'),
  ('{"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}}', '"x"', '-'), ('{"properties": {"a": {"$ref": "#/$defs/n%20m"}}, "$defs": {"n m": {"type": "number"}}}', '{"a": "x"}', '/a'), ('{"$ref": "#num", "$defs": {"n": {"$anchor": "num", "type": "number"}}}', '"x"', '-'),
  ('{"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["v"]}', '{"v": 1, "next": {"v": 2, "next": {}}}', '/next/next'), ('{"$ref": "#"}', '1', '-'), ('{"$ref": "#/$defs/a", "maximum": 3, "$defs": {"a": {"minimum": 1}}}', '4', '-'),
  ('{"properties": {"a": true}, "unevaluatedProperties": false}', '{"a": 1, "b": 2}', '/b'), ('{"allOf": [{"properties": {"a": true}}], "unevaluatedProperties": false}', '{"a": 1}', ''), ('{"anyOf": [{"required": ["b"], "properties": {"b": true}}, true], "unevaluatedProperties": false}', '{"b": 1}', ''),
  ('{"if": {"properties": {"a": {"const": 1}}}, "then": {"properties": {"c": true}}, "unevaluatedProperties": false}', '{"a": 1, "c": 2}', ''), ('{"not": {"properties": {"a": false}}, "unevaluatedProperties": false}', '{"a": 1}', '/a'),
  ('{"prefixItems": [true], "unevaluatedItems": false}', '[1, 2]', '/1'), ('{"contains": {"type": "string"}, "unevaluatedItems": {"type": "number"}}', '["a", 1]', ''), ('{"contains": {"type": "string"}, "unevaluatedItems": {"type": "number"}}', '["a", null]', '/1'), ('{"allOf": [{"items": true}], "unevaluatedItems": false}', '[1]', ''),
  ('{"properties": {"a": {"type": "string"}}, "required": ["b"], "additionalProperties": false}', '{"a": 1, "c": 2}', '- /a /c');
create temp table bad (schema jsonb, code text, path text);
insert into bad values
  ('7', 'MH_DEF_SCHEMA', '/s'), ('{"type": "text"}', 'MH_DEF_SCHEMA', '/s/type'), ('{"properties": {"a": {"minLength": -1}}}', 'MH_DEF_SCHEMA', '/s/properties/a/minLength'), ('{"$ref": "https://example.test/s.json"}', 'MH_DEF_SCHEMA_REMOTE', '/s/$ref'),
  ('{"$ref": "other.json#/a"}', 'MH_DEF_SCHEMA_REMOTE', '/s/$ref'), ('{"$ref": "#/$defs/none"}', 'MH_DEF_SCHEMA_REF', '/s/$ref'), ('{"$ref": "#/title", "title": "x"}', 'MH_DEF_SCHEMA_REF', '/s/$ref'), ('{"pattern": "("}', 'MH_DEF_SCHEMA', '/s/pattern'),
  ('{"pattern": "(a+)\\1"}', 'MH_DEF_SCHEMA', '/s/pattern'), ('{"items": [true]}', 'MH_DEF_SCHEMA', '/s/items'), ('{"dependencies": {}}', 'MH_DEF_SCHEMA', '/s/dependencies'), ('{"$schema": "http://json-schema.org/draft-07/schema#"}', 'MH_DEF_SCHEMA', '/s/$schema'),
  ('{"required": "a"}', 'MH_DEF_SCHEMA', '/s/required'), ('{"enum": []}', 'MH_DEF_SCHEMA', '/s/enum'), ('{"allOf": []}', 'MH_DEF_SCHEMA', '/s/allOf'), ('{"multipleOf": 0}', 'MH_DEF_SCHEMA', '/s/multipleOf'), ('{"$dynamicRef": "#a"}', 'MH_DEF_SCHEMA', '/s/$dynamicRef'),
  ('{"patternProperties": {"[": true}}', 'MH_DEF_SCHEMA', '/s/patternProperties/['), ('{"dependentRequired": {"a": [1]}}', 'MH_DEF_SCHEMA', '/s/dependentRequired');
select plan((select count(*)::int from cases) * 2 + (select count(*)::int from bad) + 8);
select is((select coalesce(string_agg(distinct coalesce(nullif(v ->> 'pointer', ''), '-'), ' '), '') from jsonb_array_elements(meshhook_engine.schema_violations(schema, value)) v), places, format('%s on %s', schema, value)) from cases;
select is_empty(format('select * from unnest(meshhook_engine.schema_problems(%L, ''/s''))', schema), format('%s is a schema', schema)) from cases;
select results_eq(format('select code, path from unnest(meshhook_engine.schema_problems(%L, ''/s''))', schema), format('values (%L, %L)', code, path), schema::text) from bad;
-- Hostile ones end.
select is((select max(code) from unnest(meshhook_engine.schema_problems((select jsonb_build_object('allOf', jsonb_agg(jsonb_build_object('minimum', n))) from generate_series(1, 10000) n), '/s'))), 'MH_DEF_SCHEMA_LIMIT', '10 000 rules');
select is((select max(code) from unnest(meshhook_engine.schema_problems((repeat('{"not":', 70) || '{}' || repeat('}', 70))::jsonb, '/s'))), 'MH_DEF_SCHEMA_LIMIT', 'deep ones');
select is((select count(*)::int from unnest(meshhook_engine.schema_problems('{"pattern": "(x+x+)+y"}', '/s'))), 0, 'nested repeats are matched in linear time');
select is(jsonb_array_length(meshhook_engine.schema_violations('{"pattern": "^(x+x+)+y$"}', to_jsonb(repeat('x', 100000)))), 1, 'also on 100 000 characters');
select matches(meshhook_engine.schema_violations('{"items": {"type": "number"}}', (select jsonb_agg(n) from generate_series(1, 100000) n)) #>> '{0,message}', 'too large to be checked', '100 000 items are too many');
select is(jsonb_array_length(meshhook_engine.schema_violations('{"items": {"type": "string"}}', (select jsonb_agg(n) from generate_series(1, 1000) n))), 50, 'fifty violations say enough');
select is(jsonb_array_length(meshhook_engine.schema_violations('{"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}', '1')) > 0, true, 'a schema that leads to itself twice ends');
select matches(meshhook_engine.violations_text('[{"pointer": "/a", "message": "x"}, {"pointer": "", "message": "y"}]'), '^The input violates its schema in 2 places: /a: x; y$', 'as a sentence');
select * from finish();
rollback;
