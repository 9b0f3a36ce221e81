-- Secrets are references: named by the template alone, never by data, never read.
begin;
create function pg_temp.tpl(template jsonb, secrets boolean default true, url boolean default false) returns jsonb language plpgsql as $$
begin
  return meshhook_expr.parse_template(template, secrets, url);
exception when sqlstate 'MH422' then
  return to_jsonb(substring(sqlerrm from '^\w+'));
end $$;
select plan(19);
select is(meshhook_expr.render_secrets(pg_temp.tpl('{"a": "{{ x }}"}'), '{"x": 1}'), null, 'none');
select is(meshhook_expr.render_secrets(pg_temp.tpl('"plain"'), '{}'), null, 'none in a constant');
select is(meshhook_expr.render_secrets(pg_temp.tpl('{"headers": {"Authorization": "Bearer {{ secrets.t }}"}}'), '{}'),
  '[{"path": ["headers", "Authorization"], "parts": ["Bearer ", {"secret": "t", "encode": null}]}]', 'within a string');
select is(meshhook_expr.render_secrets(pg_temp.tpl('{"b": ["{{ secrets.t }}"]}'), '{}'),
  '[{"path": ["b", 0], "parts": [{"secret": "t", "encode": null}]}]', 'alone');
select is(meshhook_expr.render_secrets(pg_temp.tpl('"{{ a }}:{{ secrets.p }}"'), '{"a": "u"}'),
  '[{"path": [], "parts": ["u", ":", {"secret": "p", "encode": null}]}]', 'the other parts are rendered');
select is(meshhook_expr.render_secrets(pg_temp.tpl('"https://h.example/{{ a }}/{{ secrets.p }}?k={{ secrets.k }}"', true, true), '{"a": "x y"}'),
  '[{"path": [], "parts": ["https://h.example/", "x%20y", "/", {"secret": "p", "encode": "path"}, "?k=", {"secret": "k", "encode": "query"}]}]', 'in a url, with its place');
select is(meshhook_expr.render(pg_temp.tpl('{"h": "Bearer {{secrets.t}}"}'), '{"secrets": {"t": "leak"}}'), '{"h": "Bearer {{ secrets.t }}"}', 'rendered as its own text');
select is(meshhook_expr.render_secrets(pg_temp.tpl('{"a": "{{ x }}", "h": "{{ secrets.t }}"}'), '{"x": "{{ secrets.other }}"}'),
  '[{"path": ["h"], "parts": [{"secret": "t", "encode": null}]}]', 'data cannot name a secret');
select is(meshhook_expr.render(pg_temp.tpl('"{{ x }}"'), '{"x": "{{ secrets.other }}"}'), '"{{ secrets.other }}"', 'data is not read as a template');
select is(pg_temp.tpl('"{{ secrets.t }}"', false), '"MH_TEMPLATE_SECRET"', 'not everywhere');
select is(pg_temp.tpl('"{{ secrets.t || a }}"'), '"MH_TEMPLATE_SECRET"', 'alone between braces');
select is(pg_temp.tpl('"{{ secrets }}"'), '"MH_TEMPLATE_SECRET"', 'not all of them');
select is(pg_temp.tpl('"{{ length(secrets.t) }}"'), '"MH_TEMPLATE_SECRET"', 'not calculated with');
select is(pg_temp.tpl('"{{ $.secrets.t }}"'), '"MH_TEMPLATE_SECRET"', 'by no other name');
select is(pg_temp.tpl('"{{ secrets.t.u }}"'), '"MH_TEMPLATE_SECRET"', 'no part of one');
select is(pg_temp.tpl('"https://{{ secrets.t }}/x"', true, true), '"MH_TEMPLATE_SECRET"', 'not as a host');
select is(meshhook_expr.template_references(pg_temp.tpl('{"a": "{{ steps.s.x }}", "b": ["{{ secrets.t }} {{ vars.v }} {{ secrets.u }}", "{{ secrets.t }}"]}')) - array['item', 'index', 'run'],
  '{"trigger": false, "input": false, "vars": true, "secrets": true, "steps": ["s"], "roots": ["steps", "vars"], "secret_names": ["t", "u"]}', 'they are told by name');
select is(meshhook_expr.template_references(pg_temp.tpl('{"a": 1}')) -> 'secret_names', '[]', 'or that there are none');
select is(meshhook_expr.template_references(pg_temp.tpl('"https://h.example/{{ input.id }}"', true, true)) -> 'roots', '["input"]', 'a url too');
select * from finish();
rollback;
