-- A request may start several workflows; the answer is about the primary one.
begin;
select plan(7);
-- A call node between trigger and end unless told otherwise; the clock stands at noon two days ago and is moved by at().
select set_config('meshhook.fake_now', (date_trunc('day', now()) - interval '36 hours')::text, true);
create function pg_temp.at(p interval) returns text language sql as $$
  select set_config('meshhook.fake_now', (current_setting('meshhook.fake_now')::timestamptz + p)::text, true) $$;
create function pg_temp.flow(nodes jsonb, edges jsonb, more jsonb default '{}') returns int language sql as $$
  select meshhook.publish('proof', 'flow', jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'flow', 'nodes', nodes, 'edges', edges) || more) $$;
create function pg_temp.node(type text, settings jsonb, more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('type', type, 'with', settings) || more $$;
create function pg_temp.edges(variadic pairs text[]) returns jsonb language sql as $$
  select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('from', split_part(split_part(p, '>', 1), ':', 1), 'to', split_part(p, '>', 2),
    'port', nullif(split_part(split_part(p, '>', 1), ':', 2), ''))) order by n) from unnest(pairs) with ordinality x(p, n) $$;
create function pg_temp.start() returns uuid language sql as $$ select meshhook.start('proof', 'flow', '{"n": 3}') $$;
create function pg_temp.deliver(run uuid, step text, attempt int, response jsonb, error jsonb default null, body text default null, job bigint default null, process int default null)
returns text language sql as $$
  select d.verdict from meshhook_engine.deliver(process, 0, array[jsonb_strip_nulls(jsonb_build_object('run', run, 'step', step, 'attempt', attempt, 'job', job,
    'kind', case when attempt = 0 then 'timer' else 'call' end, 'response', response, 'error', error))], array[convert_to(body, 'UTF8')]) d $$;
create function pg_temp.run(id uuid) returns meshhook.runs language sql as $$ select r from meshhook.runs r where r.id = run.id $$;
create function pg_temp.types(id uuid) returns text language sql as $$ select string_agg(e.type::text, ' ' order by e.seq) from meshhook.events e where e.run_id = id $$;
create function pg_temp.queue(id uuid) returns text language sql as $$
  select coalesce(string_agg(j.state::text, ' ' order by j.id), 'nothing') from meshhook_river.river_job j where j.args ->> 'run_id' = queue.id::text $$;
create function pg_temp.wake() returns bigint language sql as $$ select count(*) from meshhook_engine.wake(null, 100) $$;
create temp table mine (run uuid);
select meshhook.create_project('proof');

create function pg_temp.endpoint(name text, state text default 'active') returns uuid language sql as $$
  insert into meshhook.endpoints (id, project_id, token, name, state) select gen_random_uuid(), id, 'token-' || endpoint.name, endpoint.name, endpoint.state from meshhook.projects where slug = 'proof' returning id $$;
create function pg_temp.item(endpoint uuid, type text default 'application/json') returns jsonb language sql as $$
  select jsonb_build_object('endpoint', endpoint, 'method', 'POST', 'path', '/hooks/x', 'query', '{"q": "1"}'::jsonb, 'headers', jsonb_strip_nulls(jsonb_build_object('content-type', type)), 'remote', '127.0.0.1') $$;
create temp table ends (name text, id uuid);

select meshhook.publish('proof', name, jsonb_build_object('apiVersion', 'meshhook/v1', 'name', name, 'edges', pg_temp.edges('trigger>a'), 'nodes',
  jsonb_build_object('a', pg_temp.node('transform', jsonb_build_object('expr', format('[''%s'', trigger.query.q, vars.base]', name)))))) from unnest(array['one', 'two', 'three']) name;
insert into meshhook.vars (project_id, name, value) select id, 'base', '7' from meshhook.projects where slug = 'proof';
insert into ends select 'many', pg_temp.endpoint('many');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id, is_primary) select e.id, w.id, w.project_id, w.name = 'two' from ends e, meshhook.workflows w;
create temp table got as select a.* from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id), pg_temp.item(id)], array['{}', '{}']::bytea[]) a;
select is((select array_agg(output order by item) from got), array['["two", "1", 7]', '["two", "1", 7]']::jsonb[], 'the primary one answers');
select is((select count(*) from meshhook.runs where status = 'succeeded'), 6::bigint, 'all ran');
select is((select array_agg(cardinality(run_ids)) from meshhook.requests), '{3,3}', 'the request knows its runs');
select lives_ok($$select meshhook.disable('proof', 'two')$$, 'the primary one is disabled');
select is((select verdict || ' ' || status from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id)], array['{}']::bytea[])), 'accepted succeeded', 'the others run');
select is((select count(*) from meshhook.runs), 8::bigint, 'both of them');
select is_empty('select * from meshhook.runs r, meshhook.verify(r.id)', 'proven');
select * from finish();
rollback;
