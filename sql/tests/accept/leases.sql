-- While a process offers slots it is given the calls, leased; the rest are for anybody.
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

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"method": "POST", "url": "http://target.test/{{ trigger.body.n }}", "headers": {"Authorization": "Bearer {{ secrets.erp }}"}, "body": {"n": "{{ trigger.body.n }}"}}', '{"timeout": "7s"}')), pg_temp.edges('trigger>post'));
insert into ends select 'good', pg_temp.endpoint('good');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, w.project_id from ends e, meshhook.workflows w;
create temp table got as select a.* from ends, meshhook_engine.accept(42, 2, array[pg_temp.item(id), pg_temp.item(id), pg_temp.item(id)], array['{"n": 1}', '{"n": 2}', '{"n": 3}']::bytea[]) a;
select is((select array_agg(jsonb_array_length(calls) order by item) from got), '{1,1,0}', 'two slots, two calls');
select is((select array_agg(pg_temp.queue(run_id) order by item) from got), '{scheduled,scheduled,available}', 'two leases, one row for anybody');
select is((select array_agg(distinct attempted_by) from meshhook_river.river_job where state = 'scheduled'), array[array['42']], 'the leases are the process''s');
select ok((select bool_and(scheduled_at between clock_timestamp() + interval '20s' and clock_timestamp() + interval '31s') from meshhook_river.river_job where state = 'scheduled'), 'with a dead man''s switch');
select is((select calls -> 0 #- '{request,hash}' from got where item = 2), (select jsonb_build_object('job', (r.jobs ->> 'post')::bigint, 'run', r.id, 'step', 'post', 'attempt', 1, 'kind', 'call', 'after_ms', 0, 'project', r.project_id,
  'timeout_ms', 7000, 'connect_ms', 5000, 'response', '{"as": "auto", "max_bytes": 1048576, "ok": ["2xx"], "redirects": 0}'::jsonb, 'idempotency_key', 'mh_' || r.id || '_post',
  'request', jsonb_build_object('method', 'POST', 'url', 'http://target.test/2', 'body', '{"n": 2}'::jsonb, 'idempotency_key', 'mh_' || r.id || '_post', 'headers', '{"Authorization": "Bearer {{ secrets.erp }}"}'::jsonb,
    'secrets', '[{"path": ["headers", "Authorization"], "parts": ["Bearer ", {"secret": "erp", "encode": null}]}]'::jsonb)) from got g join meshhook.runs r on r.id = g.run_id where g.item = 2), 'the call is whole, the secret a reference');
select is((select array_agg(r.status::text order by item) from got join meshhook.runs r on r.id = run_id), '{running,running,running}', 'all are running');
update meshhook_river.river_job set state = 'running', attempted_by = '{43}' where state = 'available';
select is((select b.calls from meshhook_engine.begin(43, array(select id from meshhook_river.river_job where state = 'running')) b) #- '{0,job}',
  (select jsonb_agg(c.calls -> 0 || jsonb_build_object('run', g.run_id) || jsonb_build_object('idempotency_key', 'mh_' || g.run_id || '_post')
     || jsonb_build_object('request', (c.calls -> 0 -> 'request') || jsonb_build_object('url', 'http://target.test/3', 'body', '{"n": 3}'::jsonb, 'idempotency_key', 'mh_' || g.run_id || '_post',
        'hash', (select e.data -> 'hash' from meshhook.events e where e.run_id = g.run_id and e.type = 'call.scheduled'))))
   from got g, got c where g.item = 3 and c.item = 1) #- '{0,job}', 'whoever claims the third gets the same from the log');
select * from finish();
rollback;
