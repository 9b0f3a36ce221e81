-- Failed runs are dead letters until somebody deals with them; alike ones are one group.
begin;
select plan(19);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"max_attempts": 1}}')), pg_temp.edges('trigger>post'));
create temp table five as select n, pg_temp.at('1s') as at, pg_temp.start() as run from generate_series(1, 5) n;
select pg_temp.deliver(run, 'post', 1, null, jsonb_build_object('class', case when n = 4 then 'network' else 'timeout' end, 'code', 'MH_CALL_TIMEOUT', 'message',
  format('order %s of %s (%s) took %s ms', n, gen_random_uuid(), md5(n::text), n * 7))) from five where n < 5;
select pg_temp.deliver(run, 'post', 1, '{"status": 200}') from five where n = 5;
select is((select array_agg(n order by n) from five join meshhook.dead_letters d on d.id = run), '{1,2,3,4}', 'those that failed');
select is((select count(distinct fingerprint) from meshhook.dead_letters where error_class = 'timeout'), 1::bigint, 'ids and numbers make no difference');
select is((select count(distinct fingerprint) from meshhook.dead_letters), 2::bigint, 'the class does');
select is((select array_agg(concat_ws(' ', project, workflow, step, error_class, runs, last_at >= first_at) order by runs) from meshhook.dead_letter_groups), '{"proof flow post network 1 t","proof flow post timeout 3 t"}', 'groups');
select is((select n from meshhook.dead_letter_groups g join five on run = g.sample_id where g.runs = 3), 3, 'the newest is the sample');
select is((select sample like 'order 3 of %' from meshhook.dead_letter_groups where runs = 3), true, 'in words');
select throws_ok(format('select meshhook.dismiss(%L, %L)', run, '  '), 'MH400', null, 'dismissing takes a reason') from five where n = 1;
select lives_ok(format('select meshhook.dismiss(%L, %L)', run, 'refunded'), 'dismissed') from five where n = 1;
select is((select array_agg(n order by n) from five join meshhook.dead_letters d on d.id = run), '{2,3,4}', 'it is dealt with');
select is(concat_ws(' ', (r).status, (r).dismissed - 'at'), 'failed {"by": "operator", "why": "refunded"}', 'and failed still') from five, pg_temp.run(run) r where n = 1;
select is((select concat_ws(' ', action, detail) from meshhook.audit_trail t, five where t.target = run::text and n = 1), 'run.dismissed {"why": "refunded"}', 'in the audit log');
select throws_like(format('select meshhook.dismiss(%L, %L)', run, 'again'), 'MH_RUN_NOT_DEAD: the run has been dealt with already: refunded', 'once') from five where n = 1;
select throws_like(format('select meshhook.dismiss(%L, %L)', run, 'why not'), 'MH_RUN_NOT_DEAD: the run has not failed, it is succeeded', 'what succeeded is no dead letter') from five where n = 5;
select throws_ok('select meshhook.dismiss(null, ''x'')', 'MH404', null, 'nor what is not there');
select is_empty($$select v.* from five, meshhook.verify(run) v$$, 'proven');
select meshhook.retry(id) from meshhook.dead_letters where error_class = 'timeout';
select is((select array_agg((pg_temp.run(run)).status::text order by n) from five), '{failed,running,running,failed,succeeded}', 'a retry of all alike');
select is((select array_agg(n order by n) from five join meshhook.dead_letters d on d.id = run), '{4}', 'they are dead letters no more');
select meshhook.retry(run) from five where n = 1;
select is((pg_temp.run(run)).dismissed, null, 'one that was dismissed can still be retried') from five where n = 1;
select is(meshhook_engine.fingerprint(1, '{"step": "loop[3].crm", "code": "A", "message": "no 0xdeadbeef1 in 7f3a99c2"}'), meshhook_engine.fingerprint(1, '{"step": "loop[12].crm", "code": "A", "message": "no 0xdeadbee2 in 8f3a99c2"}'), 'the same for every turn of a loop');
select * from finish();
rollback;
