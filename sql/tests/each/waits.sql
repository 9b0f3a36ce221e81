-- each: signals, answers to callers, XML and retries in a body: what other nodes do, they do there.
begin;
select plan(19);
-- with: flow.sql
-- with: loops.sql

-- An item a signal.
select pg_temp.looping(jsonb_build_object('go', pg_temp.node('wait', '{"signal": "go", "key": "item", "timeout": "1h"}'), 'last', pg_temp.node('transform', '{"expr": "[item, input]"}')),
  pg_temp.edges('trigger>go', 'go>last'), '{"concurrency": 2, "on_error": "collect"}');
select pg_temp.started('{"rows": ["a", "b", "c"]}');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].go loop[1].go', 'two wait');
select is((select string_agg(w.step || ' ' || w.kind, ', ' order by w.step) from mine, meshhook.waits w where w.run_id = run), 'loop[0].go signal, loop[1].go signal', 'each for itself');
select is(meshhook.signal('proof', 'go', 'b', '{"n": 2}'), 1, 'one is met');
select pg_temp.rest();
select is(pg_temp.open(), 'loop[0].go loop[2].go', 'the next one waits');
select pg_temp.proven();
select pg_temp.at('2 hours');
select pg_temp.wake();
select pg_temp.rest();
select is((pg_temp.now()).output -> 1, '["b", {"n": 2}]', 'what came');
select is((select jsonb_agg(r #> '{error,code}') from jsonb_array_elements((pg_temp.now()).output - 1) r), '["MH_WAIT_TIMEOUT", "MH_WAIT_TIMEOUT"]', 'and what did not');
select is((pg_temp.now()).output -> 2 #>> '{error,step}', 'loop[2].go', 'by its path');
select is(pg_temp.steps(), 'loop=succeeded loop[0].go=failed loop[1].go=succeeded loop[1].last=succeeded loop[2].go=failed', 'as it is shown');
select pg_temp.proven();

-- One caller, one answer: the first item gives it.
select pg_temp.looping(jsonb_build_object('say', pg_temp.node('respond', '{"status": 202, "body": "{{ item }}"}'), 'call', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>say', 'say>call'));
select pg_temp.started('{"rows": ["one", "two"]}');
select pg_temp.rest();
select is((select response -> 'body' from mine, meshhook_engine.run_results(array[run])), '"one"', 'the first item answers');
select pg_temp.answer('loop[0].call', 200);
select pg_temp.rest();
select pg_temp.answer('loop[1].call', 200);
select pg_temp.rest();
select is((select status || (response ->> 'body') from mine, meshhook_engine.run_results(array[run])), 'succeededone', 'and it stays when all is over');
select pg_temp.proven();

-- XML, and what a dry run is told of calls in a body.
select pg_temp.looping(jsonb_build_object('x', pg_temp.node('xml', '{"direction": "to_xml", "value": {"a": "{{ item }}"}}')), pg_temp.edges('trigger>x'));
select pg_temp.started('{"rows": [1]}');
select pg_temp.rest();
select is((pg_temp.now()).output ->> 0 like '%<a>1</a>%', true, 'a text an item');
select is((select data -> 'output' from meshhook.simulate(jsonb_build_object('apiVersion', 'meshhook/v1', 'name', 'dry', 'nodes', jsonb_build_object(
    'loop', pg_temp.loop(jsonb_build_object('call', pg_temp.node('http_call', '{"url": "http://target.test/"}'), 'n', pg_temp.node('transform', '{"expr": "[item, steps.call.body]"}')), pg_temp.edges('trigger>call', 'call>n'), '{"concurrency": 2}')),
    'edges', pg_temp.edges('trigger>loop')), '{"body": {"rows": [1, 2, 3]}}', '{"call": {"status": 200, "body": "x"}}') order by seq desc limit 1),
  '[[1, "x"], [2, "x"], [3, "x"]]', 'one mock for every item');

-- A call that fails while the run is paused, and gives up another.
select pg_temp.flow(jsonb_build_object('loop', pg_temp.loop(jsonb_build_object('crm', pg_temp.node('http_call', '{"url": "http://target.test/"}', '{"retry": {"max_attempts": 1}}')), pg_temp.edges('trigger>crm'), '{"concurrency": 2}'),
  'sorry', pg_temp.node('http_call', '{"url": "http://target.test/"}')), pg_temp.edges('trigger>loop', 'loop:error>sorry'));
select pg_temp.started('{"rows": ["a", "b"]}');
select pg_temp.rest();
select meshhook.pause(run) from mine;
select is(pg_temp.answer('loop[0].crm', 404), 'recorded', 'it is recorded all the same');
select is(pg_temp.open(), 'sorry', 'the loop has failed, its other item is given up');
select pg_temp.proven();
select meshhook.resume(run) from mine;
select is((select jsonb_agg(key) from jsonb_object_keys((pg_temp.now()).jobs) key), '["sorry"]', 'what is open is held');
select * from finish();
rollback;
