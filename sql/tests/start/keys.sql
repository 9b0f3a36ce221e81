-- One idempotency key starts one run; a start commits or vanishes with its transaction.
begin;
select plan(14);
-- with: flow.sql

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
