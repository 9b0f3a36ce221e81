-- A run that ends one process after the other is failed; getting on counts as innocence.
begin;
select plan(13);
-- with: flow.sql

create function pg_temp.crash(run uuid, state text default 'running') returns bigint language plpgsql as $$
declare v_process int;
begin
  insert into meshhook.processes (name, version, started_at) values ('doomed', 'test', now() - interval '1 minute') returning id into v_process;
  update meshhook_river.river_job j set state = crash.state::meshhook_river.river_job_state, attempted_by = array[v_process::text] where j.args ->> 'run_id' = run::text;
  perform pg_temp.wake();
  return (select max((j.metadata -> 'crashes')::int) from meshhook_river.river_job j where j.args ->> 'run_id' = run::text);
end $$;
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'b', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>a', 'a>b'));
insert into mine select pg_temp.start();
select is(pg_temp.crash(run), 1::bigint, 'a process dies with it') from mine;
select is(pg_temp.crash(run, 'scheduled'), 2::bigint, 'another one, that had leased it') from mine;
select is(pg_temp.crash(run) + pg_temp.crash(run), 7::bigint, 'a third and a fourth') from mine;
select is((pg_temp.run(run)).status::text, 'running', 'it may still be chance') from mine;
select is(pg_temp.deliver(run, 'a', 1, '{"status": 200}'), 'recorded', 'it gets on') from mine;
select is(pg_temp.crash(run), 1::bigint, 'which starts the count anew') from mine;
select pg_temp.crash(run), pg_temp.crash(run), pg_temp.crash(run) from mine;
select is(pg_temp.crash(run), null, 'the fifth in a row') from mine;
select is(concat_ws(' ', (r).status, (r).error ->> 'code', (r).error -> 'steps', pg_temp.queue(run)), 'failed MH_POISON ["b"] nothing', 'is the last') from mine, pg_temp.run(run) r;
select is((select error_class from meshhook.dead_letters, mine where id = run), 'crash', 'a dead letter');
select is_empty($$select v.* from mine, meshhook.verify(run) v$$, 'proven');
select meshhook.retry(run) from mine;
select is(concat_ws(' ', (pg_temp.run(run)).status, pg_temp.crash(run)), 'running 1', 'it can be retried all the same') from mine;
select is(pg_temp.deliver(run, 'b', 1, '{"status": 200}'), 'recorded', 'the call that was open') from mine;
select is_empty($$select v.* from mine, meshhook.verify(run) v$$, 'proven');
select * from finish();
rollback;
