-- After a restore: what may have been made is closed, late results of it are stale, the queue is whole, and nobody is told less
-- than what is not known.
begin;
select plan(34);
-- with: flow.sql
create function pg_temp.named(flow text, settings jsonb, more jsonb default '{}') returns int language sql as $$
  select meshhook.publish('proof', flow, jsonb_build_object('apiVersion', 'meshhook/v1', 'name', flow, 'nodes', jsonb_build_object('post', pg_temp.node('http_call', settings, more)), 'edges', pg_temp.edges('trigger>post'))) $$;
select pg_temp.named('often', '{"method": "POST", "url": "http://target.test/{{ trigger.body.n }}"}'), pg_temp.named('once', '{"url": "http://target.test/once"}', '{"retry": {"max_attempts": 1}}');
select pg_temp.flow(jsonb_build_object('post', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"on_error": "continue", "retry": {"max_attempts": 1}}'), 'nap', pg_temp.node('delay', '{"for": "1h"}')), pg_temp.edges('trigger>nap', 'trigger>post'));
create temp table r (name text primary key, run uuid);
insert into r values ('often', meshhook.start('proof', 'often', '{"n": 1}')), ('once', meshhook.start('proof', 'once')), ('later', meshhook.start('proof', 'often', '{"n": 2}')),
  ('held', meshhook.start('proof', 'often', '{"n": 3}')), ('done', meshhook.start('proof', 'often', '{"n": 4}')), ('goes on', meshhook.start('proof', 'flow')), ('paused', meshhook.start('proof', 'once'));
create function pg_temp.of(name text) returns uuid language sql as $$ select run from r where r.name = of.name $$;
select pg_temp.deliver(pg_temp.of('done'), 'post', 1, '{"status": 200}');
select pg_temp.deliver(pg_temp.of('later'), 'post', 1, '{"status": 503}');
select meshhook.pause(pg_temp.of('paused'));
-- Somebody worked on one when the backup was taken; the queue row of another is lost.
update meshhook_river.river_job set state = 'scheduled', attempted_by = '{7}', scheduled_at = now() + interval '1 day' where args ->> 'run_id' = pg_temp.of('held')::text;
delete from meshhook_river.river_job where args ->> 'run_id' = pg_temp.of('once')::text;
create temp table before as select max(id) as job, meshhook_engine.register('a', 'b') as process from meshhook_river.river_job;

create function pg_temp.point() returns timestamptz language sql as $$ select current_setting('meshhook.fake_now')::timestamptz - interval '10 min' $$;
create temp table told as select * from meshhook.after_restore(pg_temp.point());
select is((select string_agg(x.name || ': ' || t.next, ', ' order by x.name) from told t join r x using (run)),
  'goes on: failed, the run goes on, held: tried again, often: tried again, once: failed, and the run with it, paused: failed, and the run with it', 'the calls whose outcome is not known');
select is((select row_to_json(t)::jsonb from told t where run = pg_temp.of('often')), jsonb_build_object('run', pg_temp.of('often'), 'project', 'proof', 'workflow', 'often', 'step', 'post',
  'attempt', 1, 'method', 'POST', 'url', 'http://target.test/1', 'idempotency_key', 'mh_' || pg_temp.of('often') || '_post', 'next', 'tried again'), 'are told in full');
select is((select count(*) from told where run in (pg_temp.of('later'), pg_temp.of('done'))), 0::bigint, 'what is settled, or is not due yet, is not among them');

-- Late results of the old timeline.
select is(pg_temp.deliver(pg_temp.of(n), 'post', 1, '{"status": 200}'), 'stale', n || ': a late result is stale') from unnest(array['often', 'once', 'held', 'goes on', 'paused', 'done']) n;
select is((pg_temp.run(pg_temp.of('once'))).error ->> 'code', 'MH_RESTORED', 'with no attempt left it is for a person to look at');
select is(pg_temp.types(pg_temp.of('often')), 'run.started call.scheduled call.attempted retry.scheduled', 'the log says what happened');
select is((select data #>> '{error,code}' from meshhook.events where run_id = pg_temp.of('often') and type = 'call.attempted'), 'MH_RESTORED', 'and why');
select is_empty('select v.* from r, meshhook.verify(r.run) v', 'every run is proven');

-- The queue.
select is(pg_temp.queue(pg_temp.of('held')), 'nothing', 'nobody holds the old lease');
select pg_temp.at('10 min'), pg_temp.wake();
select is(pg_temp.queue(pg_temp.of(n)), 'available', n || ' is there for anybody') from unnest(array['often', 'held', 'later']) n;
select cmp_ok((select min(j.id) from meshhook_river.river_job j where j.args ->> 'run_id' = pg_temp.of('often')::text), '>', job + 1000000000, 'under an id that the old timeline can not have used') from before;
select cmp_ok(meshhook_engine.register('a', 'b'), '>', process + 1000000, 'and so is the next process') from before;
select is((select b.calls #>> '{0,idempotency_key}' || ' ' || (b.calls #>> '{0,attempt}') from meshhook_river.river_job j cross join lateral meshhook_engine.begin(1, array[j.id]) b where j.args ->> 'run_id' = pg_temp.of('often')::text),
  'mh_' || pg_temp.of('often') || '_post 2', 'the next attempt carries the same idempotency key');
select is(pg_temp.deliver(pg_temp.of(n), 'post', 2, '{"status": 200}'), 'recorded', n || ': its second attempt counts') from unnest(array['often', 'held', 'later']) n;
select is((select string_agg(status::text, ' ' order by name) from r join meshhook.runs k on k.id = r.run), 'succeeded waiting succeeded succeeded succeeded failed failed', 'and all come to their end');
select pg_temp.at('1 hour'), pg_temp.wake();
select is((pg_temp.run(pg_temp.of('goes on'))).status::text, 'succeeded', 'timers too');
select is_empty('select v.* from r, meshhook.verify(r.run) v', 'every run is proven still');
select is((select count(*) from meshhook_river.river_job), 0::bigint, 'the queue is empty');

-- Refused.
select throws_like($$select meshhook.after_restore(pg_temp.point() - interval '1 hour 10 minutes')$$, 'MH_RESTORE_DONE:%', 'a second time');
select throws_like($$select meshhook.after_restore(null)$$, 'MH_RESTORE_POINT:%', 'no moment');
select throws_like($$select meshhook.after_restore('infinity')$$, 'MH_RESTORE_POINT:%', 'a moment that never comes');
select throws_like($$select meshhook.after_restore(current_setting('meshhook.fake_now')::timestamptz + interval '1 second')$$, 'MH_RESTORE_POINT:%', 'one to come');
select is((select count(*) from meshhook.after_restore(pg_temp.point())), 0::bigint, 'another restore finds nothing open');
select is((select string_agg(detail ->> 'calls', ' ' order by id) from meshhook.audit_trail where action = 'restore.fenced'), '5 0', 'it is written down');
create role mh_t_api login noinherit;
grant meshhook_user to mh_t_api;
set local session authorization mh_t_api;
set local role meshhook_user;
select throws_ok($$select meshhook.after_restore(now())$$, '42501', null, 'it is for operators');
reset session authorization;
select * from finish();
rollback;
