-- Presets: those there are from the beginning, one's own, who may write them, what a door is told.
begin;
select plan(34);
create role mh_t_api login noinherit;
grant meshhook_user to mh_t_api;
insert into meshhook.trusted_sessions (role_name) values ('mh_t_api');
select meshhook.create_project('one-test'), meshhook.create_project('two-test'), meshhook.save_draft('one-test', 'flow', '{}'), meshhook.save_draft('two-test', 'flow', '{}');
insert into meshhook.members (project_id, principal, role) select id, 't-' || r, r from meshhook.projects, unnest(array['viewer', 'editor']) r where slug = 'one-test';
create function pg_temp.told(endpoint uuid) returns jsonb language sql as $$
  select meshhook_engine.endpoint(e.token) -> 'verify' from meshhook.endpoints e where e.id = endpoint $$;
create function pg_temp.made(project text, verify jsonb) returns uuid language sql as $$ select id from meshhook.create_endpoint(project, 'flow', verify) $$;
create function pg_temp.outcome(statement text, sub text) returns text language plpgsql as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', sub)::text, true);
  set local session authorization mh_t_api;
  set local role meshhook_user;
  execute statement;
  reset session authorization;
  reset role;
  return 'ok';
exception when others then
  return sqlstate;
end $$;
select ok((select array_agg(name) from meshhook.verify_presets where project_id is null) @> '{github,gitlab,stripe,slack,shopify,twilio,svix,paddle,linear,discord,sendgrid,meta}', 'there from the beginning');
-- What is kept is what the check makes of it: nothing of a seeded recipe is missing or different.
select is(recipe, meshhook_engine.check_recipe(recipe - '{tolerance_ms,leeway_ms}'::text[]), name) from meshhook.verify_presets where project_id is null order by name;
select is_empty($$select name from meshhook.verify_presets p where p.dedupe_key is not null and meshhook_expr.parse(p.dedupe_key) is null$$, 'keys can be read');
select is(pg_temp.told(pg_temp.made('one-test', '{"kind": "github"}')),
  '{"kind": "hmac", "algorithm": "sha256", "encoding": "hex", "header": "x-hub-signature-256", "prefix": "sha256=", "signed": "{body}", "preset": "github"}', 'a door is told the recipe');
select is(pg_temp.told(pg_temp.made('one-test', '{"kind": "stripe", "tolerance": "1h"}')) @> '{"kind": "hmac", "header": "stripe-signature", "tolerance_ms": 3600000, "preset": "stripe"}', true, 'with what the endpoint says otherwise');
select is((select verified_by from meshhook.endpoint_list where project = 'one-test' and verify ->> 'kind' = 'stripe'), 'stripe', 'people are told the name');
-- One's own.
select throws_like($$select pg_temp.made('one-test', '{"kind": "acme"}')$$, 'MH_VERIFY_KIND: %acme%', 'no such preset');
insert into meshhook.verify_presets (project_id, name, recipe) select id, 'acme', '{"kind": "hmac", "header": "X-Acme", "tolerance": "1m", "timestamp_header": "X-Time", "signed": "{timestamp}{body}"}' from meshhook.projects where slug = 'one-test';
create temp table acme as select pg_temp.made('one-test', '{"kind": "acme"}') as id;
select is(pg_temp.told(id) ->> 'header' || ' ' || (pg_temp.told(id) ->> 'tolerance_ms'), 'x-acme 60000', 'a project''s own, defaults filled in') from acme;
select throws_like($$select pg_temp.made('two-test', '{"kind": "acme"}')$$, 'MH_VERIFY_KIND: %', 'is not another''s');
insert into meshhook.verify_presets (name, recipe) values ('acme', '{"kind": "bearer"}');
select is(pg_temp.told(pg_temp.made('two-test', '{"kind": "acme"}')) ->> 'kind', 'bearer', 'everybody''s');
select is(pg_temp.told(id) ->> 'kind', 'hmac', 'a project''s own goes before it') from acme;
update meshhook.verify_presets set recipe = '{"kind": "basic"}' where name = 'acme' and project_id is not null;
select is(pg_temp.told(id), '{"kind": "basic", "preset": "acme"}', 'correcting a preset corrects its endpoints') from acme;
delete from meshhook.verify_presets where name = 'acme';
select is(pg_temp.told(id), '{"kind": "acme"}', 'what is gone verifies nothing, and a door lets nothing in by it') from acme;
-- Who may.
select is(pg_temp.outcome($$insert into meshhook.verify_presets (project_id, name, recipe) select id, 'own', '{"kind": "bearer"}' from meshhook.projects where slug = 'one-test'$$, 't-editor'), 'ok', 'an editor, in the project');
select is(pg_temp.outcome($$insert into meshhook.verify_presets (project_id, name, recipe) select id, 'own2', '{"kind": "bearer"}' from meshhook.projects where slug = 'one-test'$$, 't-viewer'), '42501', 'not a viewer');
select is(pg_temp.outcome($$insert into meshhook.verify_presets (name, recipe) values ('own3', '{"kind": "bearer"}')$$, 't-editor'), '42501', 'for everybody an editor may not');
select is(pg_temp.outcome($y$do $x$ begin update meshhook.verify_presets set recipe = '{"kind": "none"}' where name = 'github'; if found then raise exception 'changed'; end if; end $x$ $y$, 't-editor'), 'ok', 'nor change what is everybody''s');
-- What is no preset.
select throws_like(format('insert into meshhook.verify_presets (name, recipe, dedupe_key) values (%L, %L, %L)', n, r, k), e, n || r) from (values
  ('hmac', '{"kind": "bearer"}', null, 'MH_PRESET: %'), ('x', '{"kind": "github"}', null, 'MH_PRESET: %'), ('x', '[]', null, 'MH_PRESET: %'),
  ('x', '{"kind": "hmac"}', null, 'MH_VERIFY: %'), ('X y', '{"kind": "bearer"}', null, '%check%')) v (n, r, k, e);
select throws_ok($$insert into meshhook.verify_presets (name, recipe, dedupe_key) values ('x', '{"kind": "bearer"}', 'a[')$$, 'MH422', null, 'a key that can not be read');
select * from finish();
rollback;
