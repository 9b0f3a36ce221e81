-- While a process offers slots it is given the calls, leased; the rest are for anybody.
begin;
select plan(7);
-- with: flow.sql

-- with: door.sql

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
