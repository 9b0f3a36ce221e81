-- Templates: any JSON whose strings hold {{ expression }}.
begin;
select plan(30);
select is(meshhook.render('"{{ a }}"', '{"a": {"b": [1]}}'), '{"b": [1]}', 'exactly one template keeps its type');
select is(meshhook.render('"{{ a }}"', '{}'), 'null', 'null as a whole is null');
select is(meshhook.render('"a {{ a }} b"', '{"a": 1.50}'), '"a 1.50 b"', 'otherwise it is text');
select is(meshhook.render('" {{ a }}"', '{"a": true}'), '" true"', 'a space makes it text');
select is(meshhook.render('"{{ a }}{{ b }}"', '{"a": "x", "b": {"c": [1, null], "d": "y z"}}'), '"x{\"c\":[1,null],\"d\":\"y z\"}"', 'objects as compact JSON, strings raw');
select is(meshhook.render('{"x": ["{{ a }}", {"y": "<{{ a }}>"}], "z": 1}', '{"a": 2}'), '{"x": [2, {"y": "<2>"}], "z": 1}', 'at any depth');
select is(meshhook.render('{"{{ a }}": 1, "b": "{{ a }}"}', '{"a": 2}'), '{"b": 2, "{{ a }}": 1}', 'keys are no templates');
select is(meshhook.render('"{{ {a: {b: x}}}}"', '{"x": 1}'), '{"a": {"b": 1}}', 'braces of objects do not end it');
select is(meshhook.render('"{{{a: x}}}"', '{"x": 1}'), '{"a": 1}', 'nor do they begin it');
select is(meshhook.render('"{{ ''}}'' }}!"', '{}'), '"}}!"', 'nor do braces in strings');
select is(meshhook.render('"{{ \"a}}b\" }}!"', '{"a}}b": 1}'), '"1!"', 'in quoted names');
select is(meshhook.render('"{{ `\"}}\"` }}!"', '{}'), '"}}!"', 'in literals');
select is(meshhook.render('"{{ ''{{'' }}"', '{}'), '"{{"', 'how to write {{');
select is(meshhook.render('"{{ ''{{'' }} {{ a }}"', '{"a": 1}'), '"{{ 1"', 'among others');
select is(meshhook.render('"it''s {{ a }} isn''t it"', '{"a": 1}'), '"it''s 1 isn''t it"', 'quotes in the text mean nothing');
select is(meshhook.render('"}} { } {"', '{}'), '"}} { } {"', 'braces alone mean nothing');
select is(meshhook.render('"{{ a || ''nobody'' }}!"', '{}'), '"nobody!"', 'a default');
select is(meshhook.render('"{{ secrets.k }}"', '{"secrets": {"k": "leak"}}'), '"{{ secrets.k }}"', 'a secret stays a reference');
select is(meshhook_expr.parse_template('{"a": [1, "x"]}'), '["=", {"a": [1, "x"]}]', 'no template: a constant');
select is(meshhook_expr.parse_template('"{{ `1` }}"'), '["=", 1]', 'a constant template too');
select throws_ok($$select meshhook.render('{"to": ["x {{ a.b }}"]}', '{}')$$, 'MH422', 'MH_TEMPLATE_NULL: {{ a.b }} in to[0] gives null', 'null in a string names the expression and the path');
create function pg_temp.detail(template jsonb) returns jsonb language plpgsql as $$
declare detail text;
begin
  perform meshhook_expr.parse_template(template);
exception when sqlstate 'MH422' then
  get stacked diagnostics detail = pg_exception_detail;
  return detail::jsonb;
end $$;
select is(pg_temp.detail('{"a": ["x {{ b. }}"]}'), '{"code": "MH_TEMPLATE_SYNTAX", "path": ["a", 0], "position": 9}', 'a syntax error: path and character');
select is(pg_temp.detail('"é {{ b"'), '{"code": "MH_TEMPLATE_SYNTAX", "path": [], "position": 3}', 'never closed');
select is(pg_temp.detail('"{{ }}"'), '{"code": "MH_TEMPLATE_SYNTAX", "path": [], "position": 3}', 'empty');
select is(pg_temp.detail('"{{ a }} {{ nope(a) }}"') ->> 'code', 'MH_EXPR_UNKNOWN_FUNCTION', 'other errors keep their code');
select is(pg_temp.detail(to_jsonb(repeat('{{''', 200000))) ->> 'code', 'MH_TEMPLATE_SYNTAX', 'a hostile string ends at once');
select is(pg_temp.detail(to_jsonb(repeat('{{ a }', 200000))) ->> 'code', 'MH_TEMPLATE_SYNTAX', 'another');
select is(meshhook.render(to_jsonb(repeat('{{ ''{{'' }} {{ a }}', 500)), '{"a": 1}'), to_jsonb(repeat('{{ 1', 500)), 'many of both');
select is(meshhook.render('"{{ ''{{ {{'' }}{{ a }}{{ ''}}{{'' }}."', '{"a": 1}'), '"{{ {{1}}{{."', 'close together');
select is(meshhook.render(to_jsonb('{{ ''' || repeat('{{', 3000) || ''' }}-{{ a }}'), '{"a": 1}'), to_jsonb(repeat('{{', 3000) || '-1'), 'a long string of them');
select * from finish();
rollback;
