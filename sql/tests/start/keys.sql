-- One idempotency key starts one run; a start commits or vanishes with its transaction.
begin;
select plan(14);
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

select throws_ok($$select meshhook.start('proof', 'flow')$$, 'MH404', null, 'no such workflow');
select lives_ok($$select meshhook.save_draft('proof', 'draft', '{}')$$, 'a draft');
select throws_like($$select meshhook.start('proof', 'draft')$$, 'MH_NOT_PUBLISHED:%', 'is not published');
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.n"}')), pg_temp.edges('trigger>a'));
create temp table ids as select meshhook.start('proof', 'flow', '{"n": 1}', idempotency_key => 'k1') as a, meshhook.start('proof', 'flow', '{"n": 2}', idempotency_key => 'k1') as b,
  meshhook.start('proof', 'flow', '{"n": 3}', idempotency_key => 'k2') as c, meshhook.start('proof', 'flow', '{"n": 4}') as d;
select ok(a = b and a <> c and c <> d, 'the same key, the same run') from ids;
select is((select jsonb_agg(output order by output) from meshhook.runs), '[1, 3, 4]', 'what came first counts');
savepoint before;
select is((pg_temp.run(meshhook.start('proof', 'flow', '{"n": 5}', 'order-5', 'k5'))).business_key, 'order-5', 'a business key is kept');
rollback to before;
select is((select count(*) from meshhook.runs) + (select count(*) from meshhook.idempotency_keys), 5::bigint, 'rolled back, it never was');
select is((pg_temp.run(meshhook.start('proof', 'flow', '{"n": 6}', idempotency_key => 'k5'))).output, '6', 'and its key is free');
select is(pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "`0`"}')), pg_temp.edges('trigger>a')), 2, 'a second version');
select is((pg_temp.run(meshhook.start('proof', 'flow', '{"n": 7}', version => 1))).output, '7', 'the first can be asked for');
select is((pg_temp.run(meshhook.start('proof', 'flow', '{"n": 7}'))).output, '0', 'the live one runs otherwise');
select throws_like($$select meshhook.start('proof', 'flow', version => 9)$$, 'MH_VERSION_UNKNOWN:%', 'a version there is not');
select lives_ok($$select meshhook.disable('proof', 'flow')$$, 'disabled');
select throws_ok($$select meshhook.start('proof', 'flow')$$, 'MH409', null, 'it starts nothing');
select * from finish();
rollback;
