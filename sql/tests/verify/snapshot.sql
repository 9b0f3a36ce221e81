-- The proof compares the snapshot as well, and is for those who may read the run.
begin;
select plan(7);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body.n"}'), 'post', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>a', 'a>post'));
insert into mine select pg_temp.start();
select is_empty($$select * from mine, meshhook.verify(run)$$, 'an open run is proven');
savepoint before;
update meshhook.runs set seq = 9 where id = (select run from mine);
select is((select array_agg(code) from mine, meshhook.verify(run)), '{MH_SNAPSHOT_DIFFERS}', 'seq');
rollback to before;
update meshhook.runs set frontier = jsonb_set(frontier, '{open,post,a}', '2') where id = (select run from mine);
select is((select array_agg(code) from mine, meshhook.verify(run)), '{MH_SNAPSHOT_DIFFERS}', 'the attempt that is open');
rollback to before;
update meshhook.runs set jobs = null, wake_at = now() where id = (select run from mine);
select is_empty($$select * from mine, meshhook.verify(run)$$, 'who holds it and when it wakes are no facts');
rollback to before;
update meshhook.runs set status = 'succeeded', finished_at = now() where id = (select run from mine);
select isnt_empty($$select * from mine, meshhook.verify(run)$$, 'an end that no event tells of');
rollback to before;
set local session_replication_role = replica;
insert into meshhook.events (run_id, at, seq, project_id, type, step, data) select run, now(), 4, project_id, 'call.succeeded', 'post', '{}' from mine, meshhook.runs where id = run;
set local session_replication_role = origin;
select is((select array_agg(code order by code) from mine, meshhook.verify(run)), '{MH_LOG_EXTRA,MH_SNAPSHOT_DIFFERS}', 'an event that nothing led to');
rollback to before;
select throws_ok($$select * from meshhook.verify('00000000-0000-7000-8000-000000000000')$$, 'MH404', null, 'a run there is not');
select * from finish();
rollback;
