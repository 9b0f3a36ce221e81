-- Only the open attempt counts, once, whoever held the lease; a lease lost is not built on.
begin;
select plan(17);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"base": "1ms", "jitter": "none"}}'),
  'b', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>a', 'a>b'));
insert into mine select pg_temp.start();
create function pg_temp.job() returns bigint language sql as $$ select (r.jobs ->> 'a')::bigint from mine, meshhook.runs r where r.id = run $$;
select is(pg_temp.deliver(run, 'a', 2, '{"status": 200}'), 'stale', 'an attempt not made yet') from mine;
select is(pg_temp.deliver(run, 'b', 1, '{"status": 200}'), 'stale', 'a step not open') from mine;
select is(pg_temp.deliver(run, 'nobody', 1, '{"status": 200}'), 'stale', 'a step there is not') from mine;
select is(pg_temp.deliver('00000000-0000-7000-8000-000000000000', 'a', 1, '{"status": 200}'), 'stale', 'a run there is not');
select is(pg_temp.types(run), 'run.started call.scheduled', 'none of them left a trace') from mine;

-- Process 1 claims, loses its lease to process 2; both make the call. What comes first counts.
update meshhook_river.river_job set state = 'running', attempted_by = '{1}' where id = pg_temp.job();
select is((select b.calls -> 0 ->> 'step' from meshhook_engine.begin(1, array[pg_temp.job()]) b), 'a', 'the claim gives the call');
update meshhook_river.river_job set attempted_by = '{1,2}' where id = pg_temp.job();
select is((select count(*) from meshhook_engine.release(1, array[pg_temp.job()]) n where n = 0), 1::bigint, 'a lease lost is not given back');
select is((select d.verdict || ' ' || jsonb_array_length(d.calls) from mine, meshhook_engine.deliver(1, 10, array[jsonb_build_object('job', pg_temp.job(), 'run', run, 'step', 'a', 'attempt', 1,
  'kind', 'call', 'take', true, 'response', '{"status": 200}'::jsonb)], array[null::bytea]) d), 'recorded 1', 'the first result counts, and goes on');
select is((select array_agg(j.attempted_by) from mine, meshhook_river.river_job j where j.args ->> 'run_id' = run::text), array[array['1']], 'under a lease of its own: the lost row is gone');
select is(pg_temp.deliver(run, 'a', 1, '{"status": 500}', job => 1, process => 2), 'stale', 'the second is dropped') from mine;
select is(pg_temp.deliver(run, 'b', 1, '{"status": 200}', process => 7), 'recorded', 'a result of a process that holds nothing counts as well') from mine;
select is((pg_temp.run(run)).status::text || ' ' || pg_temp.queue(run), 'succeeded nothing', 'the end leaves no row') from mine;
select is_empty($$select * from meshhook_engine.begin(1, array[0, -1])$$, 'rows that are not there hold nothing');

-- Two results of one attempt in one group.
truncate mine;
insert into mine select pg_temp.start();
select is((select array_agg(d.verdict order by d.item) from mine, meshhook_engine.deliver(null, 0, array[
    jsonb_build_object('run', run, 'step', 'a', 'attempt', 1, 'response', '{"status": 201}'::jsonb), jsonb_build_object('run', run, 'step', 'a', 'attempt', 1, 'response', '{"status": 202}'::jsonb),
    jsonb_build_object('run', run, 'step', 'b', 'attempt', 1, 'response', '{"status": 203}'::jsonb)], array[null, null, null]::bytea[]) d),
  '{recorded,stale,recorded}', 'the first counts; a step opened by it can be settled in the same commit');
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- A call opened by one result is not handed out when a later one of the same group ends the run.
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'b', pg_temp.node('http_call', '{"url": "http://target.test/"}'),
  'c', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>a', 'trigger>b', 'a>c'));
truncate mine;
insert into mine select pg_temp.start();
select is((select jsonb_agg(d.calls order by d.item) from mine, meshhook_engine.deliver(1, 10, array[
    jsonb_build_object('run', run, 'step', 'a', 'attempt', 1, 'take', true, 'response', '{"status": 200}'::jsonb),
    jsonb_build_object('run', run, 'step', 'b', 'attempt', 1, 'take', true, 'response', '{"status": 404}'::jsonb)], array[null, null]::bytea[]) d), '[[], []]', 'no call for a run that has failed');
select is(pg_temp.queue(run), 'nothing', 'and no lease') from mine;
select * from finish();
rollback;
