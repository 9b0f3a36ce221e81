-- Refused requests go through the door again, and kept ones start runs again; what they start is proven.
begin;
select plan(30);
-- with: flow.sql

-- with: door.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "[trigger.body, trigger.received_at]"}')), pg_temp.edges('trigger>a'));
insert into ends select 'good', pg_temp.endpoint('good');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, w.project_id from ends e, meshhook.workflows w;
create function pg_temp.sent(more jsonb, body bytea default '{"n": 1}') returns uuid language sql as $$
  select a.request_id from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id) || more], array[body]) a $$;
create function pg_temp.verdict(request uuid) returns text language sql as $$ select q.verdict || coalesce(' ' || q.cause, '') || ' ' || coalesce(cardinality(q.run_ids), 0) from meshhook.requests q where q.id = request $$;
create temp table r as select pg_temp.sent('{"verdict": "rejected", "cause": "MH_SECRET_NONE", "trace": {"why": "secret_none"}, "evidence": "AAAA"}') as id;
select throws_like(format('select meshhook.reevaluate(%L)', pg_temp.sent('{}')), 'MH_REQUEST_NOT_REJECTED: %', 'what was accepted');
select throws_like(format('select meshhook.reevaluate(%L)', pg_temp.sent('{"verdict": "rejected", "cause": "MH_X"}')), 'MH_REQUEST_NO_EVIDENCE: %', 'what was not kept');
select throws_like($$select meshhook.reevaluate(null)$$, 'MH_REQUEST_UNKNOWN: %', 'nothing');
select is_empty('select * from meshhook_engine.take_reevaluations(10)', 'there is nothing to do');
create temp table asked as select r.id as request, meshhook.reevaluate(r.id) as id from r;
select is(meshhook.reevaluate(request), id, 'asking twice is asking once') from asked;
select is((select count(*) from meshhook.audit_trail where action = 'request.reevaluated'), 1::bigint, 'and written down once');
select is(x.later ~ '^It waits to be verified again', true, 'it waits') from asked, meshhook.explain_request(request) x;
create temp table taken as select * from meshhook_engine.take_reevaluations(10);
select is((select array[t.id::text, t.method, encode(t.evidence, 'hex'), convert_from(t.body, 'UTF8'), t.endpoint ->> 'name'] from taken t), (select array[id::text, 'POST', '000000', '{"n": 1}', 'good'] from asked), 'what a door is told');
select is_empty('select * from meshhook_engine.take_reevaluations(10)', 'one door takes it');
update meshhook.reevaluations set taken_at = taken_at - interval '31 seconds';
select is((select count(*) from meshhook_engine.take_reevaluations(10)), 1::bigint, 'another when that one is gone');
-- Still wrong.
select is((select meshhook_engine.settle_reevaluation(id, '{"verdict": "rejected", "cause": "MH_SIGNATURE_MISMATCH", "message": "no", "trace": {"why": "newline_removed"}}') from asked), 'rejected', 'still wrong');
select is((select pg_temp.verdict(request) || ' ' || x.why from asked, meshhook.explain_request(request) x), 'rejected MH_SECRET_NONE 0 newline_removed', 'and known why');
select is((select meshhook_engine.settle_reevaluation(id, null) from asked), 'rejected', 'what is settled stays so');
select is((select pg_temp.verdict(request) from asked), 'rejected MH_SECRET_NONE 0', 'and starts nothing');
-- Right now, an hour later.
select pg_temp.at('1 hour');
update asked set id = meshhook.reevaluate(request);
select is((select meshhook_engine.settle_reevaluation(id, null) from asked), 'accepted', 'right');
select is((select pg_temp.verdict(request) from asked), 'accepted 1', 'it has entered');
select is((select n.output -> 0 || jsonb_build_array((n.output ->> 1)::timestamptz = q.received_at) from asked a join meshhook.requests q on q.id = a.request join meshhook.runs n on n.id = q.run_ids[1]), '[{"n": 1}, true]', 'with its bytes and the moment it came');
select is((select meshhook_engine.settle_reevaluation(id, null) from asked), 'accepted', 'once');
select is((select pg_temp.verdict(request) from asked), 'accepted 1', 'and no more');
select is(l.why, null, 'the log has no reason any more') from asked join meshhook.request_log l on l.id = request;
select matches(x.later, '^It was refused first \(secret_none\), verified again on .* and then accepted\.$', 'as is told') from asked, meshhook.explain_request(request) x;
select throws_like((select format('select meshhook.reevaluate(%L)', request) from asked), 'MH_REQUEST_NOT_REJECTED: %', 'it can not enter twice');
-- Replays.
select is((select meshhook.replay_request(request) = any (q.run_ids) from asked, meshhook.requests q where q.id = request), false, 'a new run');
select is((select pg_temp.verdict(request) from asked), 'accepted 2', 'is added to the request');
create temp table refused as select pg_temp.sent('{"verdict": "rejected", "cause": "MH_X"}') as id, pg_temp.sent('{}', '{"n": ') as broken;
select throws_like((select format('select meshhook.replay_request(%L)', id) from refused), 'MH_REQUEST_REJECTED: %', 'what was never verified');
select isnt((select meshhook.replay_request(id, true) from refused), null, 'takes saying so');
select throws_like((select format('select meshhook.replay_request(%L)', broken) from refused), 'MH_REPLAY_STARTED_NOTHING: %MH_BODY_JSON', 'what is broken');
update meshhook.endpoints set state = 'paused' where name = 'good';
select isnt((select meshhook.replay_request(request) from asked), null, 'a paused endpoint does not hold up who wants it');
select is((select count(*) from meshhook.audit_trail where action = 'request.replayed'), 3::bigint, 'each is written down');
select is_empty('select * from meshhook.runs n, meshhook.verify(n.id)', 'all are proven');
select * from finish();
rollback;
