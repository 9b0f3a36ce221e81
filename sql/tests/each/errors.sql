-- each: what becomes of a failing item.
begin;
select plan(40);
-- with: flow.sql
-- with: loops.sql
create function pg_temp.crm(settings jsonb, more jsonb default '{}') returns int language sql as $$
  select pg_temp.looping(jsonb_build_object('crm', pg_temp.node('http_call', '{"url": "http://target.test/{{ item }}"}', '{"retry": {"max_attempts": 1}}'), 'last', pg_temp.node('transform', '{"expr": "item"}')),
    pg_temp.edges('trigger>crm', 'crm>last'), settings, more) $$;

-- fail: the first failing item fails the step, the others are given up.
select pg_temp.crm('{"concurrency": 2}');
select pg_temp.started('{"rows": [1, 2, 3]}');
select pg_temp.rest();
select is(pg_temp.answer('loop[1].crm', 404), 'recorded', 'one item fails');
select is((pg_temp.now()).status::text, 'failed', 'and with it the run');
select is((pg_temp.now()).error, '{"code": "MH_CALL_STATUS", "step": "loop[1].crm", "class": "4xx", "index": 1, "status": 404, "message": "the target answered 404", "attempts": 1}', 'the error names the step and the item');
select is(pg_temp.steps(), 'loop=failed loop[0].crm=canceled loop[1].crm=failed', 'what was open is canceled, what had not begun is not there');
select is(pg_temp.queue(run), 'nothing', 'nothing is left in the queue') from mine;
select pg_temp.proven();
select is(pg_temp.answer('loop[0].crm', 200), 'stale', 'an answer that comes too late is dropped');

-- With an error edge the run goes on, and only the loop's calls are given up.
select pg_temp.flow(jsonb_build_object('loop', pg_temp.loop(jsonb_build_object('crm', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"max_attempts": 2, "base": "1m", "jitter": "none"}}')), pg_temp.edges('trigger>crm'), '{"concurrency": 3}'),
    'sorry', pg_temp.node('transform', '{"expr": "[input.error.index, input.error.step]"}'), 'other', pg_temp.node('http_call', '{"url": "http://target.test/"}')),
  pg_temp.edges('trigger>loop', 'trigger>other', 'loop:error>sorry'));
select pg_temp.started('{"rows": [1, 2, 3, 4]}');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].crm loop[1].crm loop[2].crm other', 'three items and another call');
select is(pg_temp.answer('loop[2].crm', 503), 'recorded', 'one waits for another attempt');
select is(pg_temp.answer('loop[0].crm', 404), 'recorded', 'one fails');
select is(pg_temp.open(), 'other', 'the loop has nothing open any more');
select is((select jsonb_agg(key) from jsonb_object_keys((pg_temp.now()).jobs) key), '["other"]', 'nor anything in the queue');
select is((select count(*)::int from mine, meshhook.waits w where w.run_id = run), 0, 'nor a timer');
select is((pg_temp.now()).frontier ? 'loops', false, 'and is forgotten');
select is(pg_temp.answer('other', 200), 'recorded', 'the other call');
select is((pg_temp.now()).output -> 'sorry', '[0, "loop[0].crm"]', 'the error edge was taken');
select pg_temp.proven();

-- collect: failures stand in the place of results.
select pg_temp.crm('{"concurrency": 2, "on_error": "collect"}');
select pg_temp.started('{"rows": [1, 2, 3]}');
select pg_temp.rest();
select pg_temp.answer('loop[1].crm', 404);
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].crm loop[2].crm', 'the others go on');
select pg_temp.answer('loop[2].crm', 200);
select pg_temp.answer('loop[0].crm', 200);
select pg_temp.rest();
select is((pg_temp.now()).status::text, 'succeeded', 'the run does not fail');
select is((pg_temp.now()).output, '[1, {"error": {"code": "MH_CALL_STATUS", "step": "loop[1].crm", "class": "4xx", "status": 404, "message": "the target answered 404", "attempts": 1}}, 3]', 'the error in its place');
select is((select data #> '{steps,1,each}' from mine, meshhook.events e where e.run_id = run and e.type = 'segment.decided' order by seq desc limit 1), '{"count": 3, "since": 2, "failed": 1}', 'the log counts it');
select pg_temp.proven();

-- An iteration that fails gives up what it has open itself; errors that something takes care of are none.
select pg_temp.looping(jsonb_build_object('long', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'quick', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"max_attempts": 1}}'),
    'safe', pg_temp.node('transform', '{"expr": "abs(item)"}', '{"on_error": "continue"}')), pg_temp.edges('trigger>long', 'trigger>quick', 'trigger>safe'), '{"concurrency": 2, "on_error": "collect"}');
select pg_temp.started('{"rows": ["a", 2]}');
select pg_temp.rest();
select pg_temp.answer('loop[0].quick', 404);
select is(pg_temp.open(), 'loop[1].long loop[1].quick', 'its other call is given up');
select pg_temp.answer('loop[1].long', 200, body => '1');
select pg_temp.answer('loop[1].quick', 200, body => '2');
select is((pg_temp.now()).output #> '{1,safe}', '2', 'three last nodes give a map');
select is((pg_temp.now()).output #>> '{0,error,step}', 'loop[0].quick', 'the first one failed by its call, not by what was taken care of');
select pg_temp.proven();

-- terminate ends the iteration, as it says.
select pg_temp.looping(jsonb_build_object('way', pg_temp.node('branch', '{"cases": [{"port": "bad", "when": "item == `1`"}, {"port": "no", "when": "item == `2`"}, {"port": "fine", "when": "item == `3`"}], "default": "on"}'),
    'other', pg_temp.node('delay', '{"for": "1h"}'), 'bad', pg_temp.node('terminate', '{"status": "failed", "reason": "item {{ item }} is bad"}'), 'no', pg_temp.node('terminate', '{"status": "canceled"}'),
    'fine', pg_temp.node('terminate', '{"output": "{{ item }}"}'), 'on', pg_temp.node('transform', '{"expr": "''on''"}')),
  pg_temp.edges('trigger>other', 'trigger>way', 'way:bad>bad', 'way:no>no', 'way:fine>fine', 'way:on>on'), '{"on_error": "collect", "concurrency": 9}');
select pg_temp.started('{"rows": [1, 2, 3, 4]}');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[3].other', 'three have ended, with the timers they had set');
select pg_temp.at('2 hours');
select pg_temp.wake();
select is((pg_temp.now()).output - 3, '[{"error": {"code": "MH_TERMINATED", "step": "loop[0].bad", "message": "item 1 is bad"}}, {"error": {"code": "MH_CANCELED", "step": "loop[1].no", "message": "The workflow ended the run as canceled."}}, 3]', 'failed, canceled, succeeded');
select is((pg_temp.now()).output -> 3 ->> 'on', 'on', 'the fourth came to its end');
select pg_temp.proven();

-- A run that failed at a loop can be retried: the loop begins again. Or the loop is skipped.
select pg_temp.crm('{}');
select pg_temp.started('{"rows": [1, 2]}');
select pg_temp.rest();
select pg_temp.answer('loop[0].crm', 200);
select pg_temp.rest();
select pg_temp.answer('loop[1].crm', 404);
select meshhook.retry(run) from mine;
select pg_temp.answer('*', 0);
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].crm', 'from its first item on');
select pg_temp.answer('loop[0].crm', 200);
select pg_temp.rest();
select pg_temp.answer('loop[1].crm', 404);
select pg_temp.proven();
select throws_ok(format('select meshhook.skip_step(%L, ''loop[1].crm'')', run), 'MH409', null, 'no iteration of a loop that failed can be skipped') from mine;
select meshhook.skip_step(run, 'loop', '["given"]') from mine;
select is((pg_temp.now()).output, '["given"]', 'but the loop can');
select pg_temp.proven();
-- Within a loop under way an open step can be skipped.
select pg_temp.started('{"rows": [1, 2]}');
select pg_temp.rest();
select meshhook.skip_step(run, 'loop[0].crm', '{"status": 299}') from mine;
select pg_temp.rest();
select is(pg_temp.open(), 'loop[1].crm', 'the next item is begun');
select pg_temp.answer('loop[1].crm', 200);
select pg_temp.rest();
select is((pg_temp.now()).output, '[1, 2]', 'and the loop comes to its end');
select pg_temp.proven();

-- Ten thousand failures are no trouble either.
select pg_temp.looping(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "abs(item)"}')), pg_temp.edges('trigger>a'), '{"on_error": "collect"}');
select pg_temp.started(jsonb_build_object('rows', (select jsonb_agg('x'::text) from generate_series(1, 3000))));
select pg_temp.rest();
select is((select count(*)::int from jsonb_array_elements((pg_temp.now()).output) r where r #>> '{error,code}' like 'MH_EXPR%'), 3000, 'each has its error');
select pg_temp.proven();
select * from finish();
rollback;
