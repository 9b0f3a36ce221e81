-- A cap on open runs: the door rejects with a cause, start raises MH429, each end makes room. Without a cap nothing is counted.
begin;
select plan(26);
-- with: flow.sql
-- with: pressure.sql
-- with: door.sql

select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'));
insert into mine select pg_temp.start() from generate_series(1, 2);
select is((select count(*) from meshhook.open_runs), 0::bigint, 'no cap, no count');
select is((select bool_or(slotted) from meshhook.runs), null, 'and no run is marked');
select meshhook.set_limit('proof', 'open_runs', amount => 4);
select is((select kind || ' ' || amount || ' ' || used from meshhook.limit_list), 'open_runs 4 2', 'those that are open already count');
insert into mine select pg_temp.start() from generate_series(1, 2);
select throws_ok('select pg_temp.start()', 'MH429', null, 'full');
select is((select used from meshhook.limit_list), 4::bigint, 'four are open');
select meshhook.cancel(run) from mine limit 1;
select is((select used from meshhook.limit_list), 3::bigint, 'an end makes room');
select lives_ok('insert into mine select pg_temp.start()', 'for one more');
select throws_like($$select meshhook.start('proof', 'flow', idempotency_key => 'k')$$, 'MH_OPEN_RUNS: %', 'and no other');

-- Webhooks: in the order in which they came; each that is refused is kept with its cause, and its delivery is not taken.
insert into ends select 'good', pg_temp.endpoint('good');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, w.project_id from ends e, meshhook.workflows w;
select pg_temp.claim();
select pg_temp.deliver(run, 'post', 1, '{"status": 500}') from mine where (pg_temp.run(run)).finished_at is null;
select is((select used from meshhook.limit_list), 0::bigint, 'failed runs are not open');
create temp table got as select a.* from ends, meshhook_engine.accept(42, 9, array(select pg_temp.item(id) from generate_series(1, 6)), array['1', '2', '3', '4', '5', '6']::bytea[]) a;
select is((select array_agg(verdict order by item) from got), '{accepted,accepted,accepted,accepted,rejected,rejected}', 'four of six');
select is((select array_agg(distinct cause) from got where verdict = 'rejected'), '{MH_OPEN_RUNS}', 'with the cause');
select is((select count(*) from meshhook.requests where cause = 'MH_OPEN_RUNS' and run_ids is null and body is not null), 2::bigint, 'kept as they came');
select is((select used from meshhook.limit_list), 4::bigint, 'four are open');
select is((select count(*) from got, unnest(array[run_id]) r where r is not null and calls <> '[]'), 4::bigint, 'and go');

-- A run that ends in the commit that starts it takes no room for long; a retried one counts again.
select pg_temp.deliver(run_id, 'post', 1, '{"status": 200}') from got where run_id is not null;
select is((select used from meshhook.limit_list), 0::bigint, 'all ended');
select is((select count(*) from meshhook.retry(run) where run is not null), 1::bigint, 'one is retried') from mine where (pg_temp.run(run)).status = 'failed' limit 1;
select is((select used from meshhook.limit_list), 1::bigint, 'and counts');
select pg_temp.flow(jsonb_build_object('t', pg_temp.node('transform', '{"expr": "trigger.body.n"}')), pg_temp.edges('trigger>t'));
select is((select count(*) from (select pg_temp.start() from generate_series(1, 10)) x), 10::bigint, 'ten that end at once');
select is((select used from meshhook.limit_list), 1::bigint, 'leave no trace');

-- Together with slots; and taken away.
select pg_temp.flow(pg_temp.call('{}'), pg_temp.edges('trigger>post'), '{"policy": {"concurrency": {"key": "''k''", "limit": 1}}}');
insert into mine select pg_temp.start() from generate_series(1, 3);
select is((select used from meshhook.limit_list), 4::bigint, 'runs that queue are open too');
select meshhook.set_limit('proof', 'open_runs');
select is_empty('select * from meshhook.limit_list', 'taken away');
select is((select count(*) from meshhook.open_runs), 0::bigint, 'nothing is counted any more');
select lives_ok('insert into mine select pg_temp.start()', 'and nothing refused');
select throws_like(format($$select meshhook.set_limit('proof', 'open_runs', %s)$$, a), 'MH_LIMIT: %', a) from (values ('''erp'', 5'), ('null, 0'), ('null, 5, ''1s''')) x (a);
select * from finish();
rollback;
