-- What expressions refer to: steps that can have run, names there are, secrets where one may stand.
begin;
select plan(13);
create function pg_temp.problems(more jsonb, project text default null) returns table (severity text, code text, path text, node text, message text) language sql as $$
  select * from meshhook.validate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'a', 'nodes', '{"first": {"type": "transform", "with": {"expr": "input"}},
      "left": {"type": "transform", "with": {"expr": "steps.first"}}, "right": {"type": "transform", "with": {"expr": "steps.first"}},
      "last": {"type": "transform", "with": {"expr": "steps.left || steps.right || steps.first"}}}'::jsonb || more,
    'edges', '[{"from": "trigger", "to": "first"}, {"from": "first", "to": "left"}, {"from": "first", "to": "right"}, {"from": "left", "to": "last"}, {"from": "right", "to": "last"}]'::jsonb), project)
$$;
select is_empty($$select * from pg_temp.problems('{}')$$, 'steps that come before');
select set_eq($$select code, path, node, message from pg_temp.problems('{"left": {"type": "transform", "with": {"expr": "steps.right"}}}')$$,
  $$values ('MH_DEF_REF_ORDER', '/nodes/left/with/expr', 'left', 'steps.right: no path leads from "right" to "left", so it cannot have run yet')$$, 'a step beside');
select set_eq($$select code, message from pg_temp.problems('{"left": {"type": "transform", "with": {"expr": "steps.left"}}}')$$,
  $$values ('MH_DEF_REF_ORDER', 'steps.left: a node cannot read its own output')$$, 'itself');
select set_eq($$select code, path from pg_temp.problems('{"left": {"type": "transform", "with": {"template": {"a": ["{{ steps.last.x }}", "{{ steps.nobody }}"]}}}}')$$,
  $$values ('MH_DEF_REF_ORDER', '/nodes/left/with/template'), ('MH_DEF_REF_UNKNOWN', '/nodes/left/with/template')$$, 'later, and never');
select set_eq($$select severity, code from pg_temp.problems('{"left": {"type": "transform", "with": {"expr": "step.first"}}}')$$,
  $$values ('warning', 'MH_DEF_REF_NAME')$$, 'a name there is not');
select set_eq($$select code, path from pg_temp.problems('{"left": {"type": "transform", "with": {"expr": "secrets.a"}}}')$$,
  $$values ('MH_DEF_SECRET_PLACE', '/nodes/left/with/expr')$$, 'a secret in an expression');
select set_eq($$select code, path from pg_temp.problems('{"left": {"type": "transform", "with": {"template": {"a": {"b": "x {{ secrets.a }}"}}}}}')$$,
  $$values ('MH_DEF_SECRET_PLACE', '/nodes/left/with/template/a/b')$$, 'a secret in a transform');
select set_eq($$select code, path from pg_temp.problems('{"left": {"type": "http_call", "with": {"url": "https://a.example/{{ secrets.a }}", "headers": {"a": "{{ secrets.a }}"}, "query": {"a": "{{ secrets.a }}"},
    "body": ["{{ secrets.a }}"], "auth": {"type": "bearer", "token": "{{ secrets.a }}"}, "sign": {"secret": "{{ secrets.a }}"}, "idempotency_key": "{{ secrets.a }}"}}}')$$,
  $$values ('MH_DEF_SECRET_PLACE', '/nodes/left/with/idempotency_key')$$, 'secrets everywhere they may stand, and once where not');
select set_eq($$select code, path from pg_temp.problems('{"last": {"type": "terminate", "with": {"output": "{{ secrets.a }}", "reason": "{{ secrets.a }}"}}}')$$,
  $$values ('MH_DEF_SECRET_PLACE', '/nodes/last/with/output'), ('MH_DEF_SECRET_PLACE', '/nodes/last/with/reason')$$, 'a secret in an output');
select matches((select path || ' ' || message from pg_temp.problems('{"left": {"type": "transform", "with": {"expr": "a ||"}}}')),
  '^/nodes/left/with/expr .*\(at character \d+\)$', 'syntax with position');
select set_eq($$select path from pg_temp.problems('{"left": {"type": "http_call", "with": {"url": "https://a.example/{{ a[ }}", "body": {"x": "{{ b. }}", "y": ["{{ ok }}", "{{ c( }}"]}}}}') where severity = 'error'$$,
  $$values ('/nodes/left/with/url'), ('/nodes/left/with/body/x'), ('/nodes/left/with/body/y/1')$$, 'every wrong template');
select meshhook.create_project('refs-test');
select set_eq($$select severity, code, path, message from pg_temp.problems('{"left": {"type": "http_call", "with": {"url": "https://a.example/", "body": "{{ secrets.missing }}"}}}', 'refs-test')$$,
  $$values ('warning', 'MH_DEF_SECRET_UNKNOWN', '/nodes/left/with', 'the project has no secret "missing" yet')$$, 'an unknown secret');
select throws_ok($$select meshhook.validate('{}', 'refs-nowhere')$$, 'MH404', null, 'an unknown project');
select * from finish();
rollback;
