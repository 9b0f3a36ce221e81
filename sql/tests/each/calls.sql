-- each: calls and timers in the body, at most `concurrency` iterations at once.
begin;
select plan(41);
-- with: flow.sql
-- with: loops.sql
create function pg_temp.crm(settings jsonb default '{}', more jsonb default '{}') returns int language sql as $$
  select pg_temp.looping(jsonb_build_object('shape', pg_temp.node('transform', '{"expr": "{id: item.id}"}'),
      'crm', pg_temp.node('http_call', '{"method": "POST", "url": "http://target.test/{{ item.id }}", "body": "{{ steps.shape }}"}', '{"retry": {"max_attempts": 2, "base": "5s", "jitter": "none"}}'),
      'last', pg_temp.node('transform', '{"expr": "[item.id, steps.shape.id, steps.crm.body.n, index]"}')),
    pg_temp.edges('trigger>shape', 'shape>crm', 'crm>last'), settings, more) $$;

select pg_temp.crm();
select pg_temp.started('{"rows": [{"id": 1}, {"id": 2}, {"id": 3}]}');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].crm', 'one at a time by default');
select is((select c -> 'idempotency_key' from mine, lateral (select e.data as c from meshhook.events e where e.run_id = run and e.type = 'call.scheduled') x), to_jsonb((select 'mh_' || run || '_loop[0].crm' from mine)), 'each item has an idempotency key of its own');
select is((pg_temp.now()).frontier -> 'its' -> 'loop[0]' ->> 'n', 'so.', 'its letters');
select is((select array_agg(key) from jsonb_object_keys((pg_temp.now()).frontier -> 'its') key), '{loop[0]}', 'only what is under way stands in the frontier');
select is((select (b.calls -> 0 ->> 'step') || ' ' || (b.calls #>> '{0,request,url}') from mine, meshhook_river.river_job j, meshhook_engine.begin(null, array[j.id]) b where j.args ->> 'run_id' = run::text),
  'loop[0].crm http://target.test/1', 'a worker is given the call by its path');
select is(pg_temp.answer('crm'), 'stale', 'the bare name is nobody');
select is(pg_temp.answer('loop[1].crm'), 'stale', 'an iteration that has not begun waits for nothing');
select is(pg_temp.answer('loop[0].crm', body => '{"n": 10}'), 'recorded', 'the first answer');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[1].crm', 'the next one begins');
select is(pg_temp.answer('loop[1].crm', 503), 'recorded', 'an attempt fails');
select is(pg_temp.steps(), 'loop=running loop[0].shape=succeeded loop[0].crm=succeeded loop[0].last=succeeded loop[1].shape=succeeded loop[1].crm=retrying', 'and is tried again, for this item alone');
select is((select w.step || ' ' || w.kind from mine, meshhook.waits w where w.run_id = run), 'loop[1].crm retry', 'it waits under its path');
select pg_temp.at('5 seconds');
select is(pg_temp.wake() > 0, true, 'time passes');
select is(pg_temp.queue(run), 'available', 'anybody may try') from mine;
select is(pg_temp.answer('loop[1].crm', 200, 2, '{"n": 20}'), 'recorded', 'the second attempt');
select pg_temp.rest();
select is(pg_temp.answer('loop[2].crm', body => '{"n": 30}'), 'recorded', 'the last item');
select pg_temp.rest();
select is((pg_temp.now()).output, '[[1, 1, 10, 0], [2, 2, 20, 1], [3, 3, 30, 2]]', 'all results, in order');
select is(pg_temp.queue(run), 'nothing', 'nothing is left in the queue') from mine;
select pg_temp.proven();
select is((select bool_and(meshhook.state_at(run, n) ->> 'seq' = n::text) from mine, generate_series(1, (pg_temp.now()).seq) n), true, 'every prefix folds');

-- Several at once, answers in any order, several in one commit.
select pg_temp.crm('{"concurrency": 3}');
select pg_temp.started(jsonb_build_object('rows', (select jsonb_agg(jsonb_build_object('id', n)) from generate_series(0, 6) n)));
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].crm loop[1].crm loop[2].crm', 'three at once');
select is(pg_temp.answer('loop[1].crm', body => '{"n": 1}'), 'recorded', 'the second one is done first');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].crm loop[2].crm loop[3].crm', 'and makes way for the fourth');
select is((select array_agg(d.verdict order by d.item) from mine, meshhook_engine.deliver(null, 0, array(
    select jsonb_build_object('run', run, 'step', format('loop[%s].crm', n), 'attempt', 1, 'kind', 'call', 'response', '{"status": 200, "headers": {"content-type": "application/json"}, "text": true}'::jsonb)
    from unnest('{3,0,2,0}'::int[]) n), array(select convert_to(jsonb_build_object('n', n)::text, 'UTF8') from unnest('{3,0,2,0}'::int[]) n)) d),
  '{recorded,recorded,recorded,stale}', 'three in one commit, one of them twice');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[4].crm loop[5].crm loop[6].crm', 'three more');
select pg_temp.proven();
select is(pg_temp.answer('loop[6].crm', body => '{"n": 6}') || pg_temp.answer('loop[4].crm', body => '{"n": 4}') || pg_temp.answer('loop[5].crm', body => '{"n": 5}'), 'recordedrecordedrecorded', 'the last three');
select pg_temp.rest();
select is((pg_temp.now()).output, (select jsonb_agg(jsonb_build_array(n, n, n, n) order by n) from generate_series(0, 6) n), 'results stand where their items stood');
select pg_temp.proven();
select is((select count(*)::int from mine, meshhook.events e where e.run_id = run and e.type = 'loop.started'), 1, 'items are recorded once');

-- A queue that was lost comes back.
select pg_temp.crm('{"concurrency": 2}');
select pg_temp.started('{"rows": [{"id": 1}, {"id": 2}, {"id": 3}]}');
select pg_temp.rest();
delete from meshhook_river.river_job;
select is(meshhook.requeue(), 1, 'the run is put right');
select is((select jsonb_agg(key order by key) from jsonb_object_keys((pg_temp.now()).jobs) key), '["loop[0].crm", "loop[1].crm"]', 'both calls are held again');
select meshhook.cancel(run, 'enough') from mine;
select is((pg_temp.now()).frontier, '{"n": "c", "e": "t", "at": {}}', 'canceled, and all it had open');
select is(pg_temp.steps(), 'loop=canceled loop[0].shape=succeeded loop[0].crm=canceled loop[1].shape=succeeded loop[1].crm=canceled', 'each step says so');
select pg_temp.proven();

-- A delay in the body, and a body that a deadline ends.
select pg_temp.looping(jsonb_build_object('nap', pg_temp.node('delay', '{"for": "{{ item }}s"}'), 'done', pg_temp.node('transform', '{"expr": "[item, input.woke_at != null]"}')), pg_temp.edges('trigger>nap', 'nap>done'), '{"concurrency": 5}');
select pg_temp.started('{"rows": [30, 10, 20]}');
select pg_temp.rest();
select is((select string_agg(w.step, ' ' order by w.due_at) from mine, meshhook.waits w where w.run_id = run), 'loop[1].nap loop[2].nap loop[0].nap', 'timers by path');
select pg_temp.at('20 seconds');
select is(pg_temp.wake() > 0, true, 'two are due');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].nap', 'one is left');
select pg_temp.at('20 seconds');
select is(pg_temp.wake() > 0, true, 'and fires');
select pg_temp.rest();
select is((pg_temp.now()).output, '[[30, true], [10, true], [20, true]]', 'in the order of the items');
select pg_temp.proven();
select * from finish();
rollback;
