-- A refused request in words: facts stand in their places, secrets by fingerprint, and what a second look found goes before.
begin;
select plan(20);
-- with: flow.sql

-- with: door.sql

insert into ends select 'good', pg_temp.endpoint('good');
insert into meshhook.key_ring (id, project_id, kek_id, wrapped) select '00000000-0000-7000-8000-0000000000aa', id, 'x', 'x' from meshhook.projects where slug = 'proof';
insert into meshhook.endpoint_secrets (id, endpoint_id, project_id, key_id, sealed, fingerprint)
  select '00000000-0000-7000-8000-0000000000bb', e.id, p.id, '00000000-0000-7000-8000-0000000000aa', 'x', 'feedbeef' from ends e, meshhook.projects p where p.slug = 'proof';
create function pg_temp.refused(cause text, trace jsonb, evidence text default null) returns uuid language sql as $$
  select a.request_id from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id) || jsonb_strip_nulls(jsonb_build_object('verdict', 'rejected', 'cause', cause, 'message', 'short', 'trace', trace, 'evidence', evidence))],
    array['{}']::bytea[]) a $$;
create function pg_temp.told(more jsonb) returns jsonb language plpgsql as $$
declare v uuid;
begin
  select a.request_id into v from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id) || more], array['{}']::bytea[]) a;
  return (select to_jsonb(x) from meshhook.explain_request(v) x);
end $$;
create function pg_temp.why(cause text, trace jsonb) returns jsonb language sql as $$
  select pg_temp.told(jsonb_strip_nulls(jsonb_build_object('verdict', 'rejected', 'cause', cause, 'message', 'short', 'trace', trace))) $$;
create temp table one as select pg_temp.refused('MH_SIGNATURE_MISMATCH', '{"why": "secret_expired", "kind": "hmac", "preset": "github", "secret": "00000000-0000-7000-8000-0000000000bb", "until": "2026-01-01T00:00:00Z", "signed": "{body}", "expected": "sha256=abcdef***",
  "got": "sha256=012345***", "secrets": [{"id": "00000000-0000-7000-8000-0000000000bb", "state": "ended 2026-01-01T00:00:00Z"}]}', 'AAAA') as id;
select is(array[x.verdict, x.cause, x.why, x.verified_by, x.signed, x.expected, x.got, x.secrets::text],
  array['rejected', 'MH_SIGNATURE_MISMATCH', 'secret_expired', 'github (hmac)', '{body}', 'sha256=abcdef***', 'sha256=012345***', '{"feedbeef ended 2026-01-01T00:00:00Z"}'], 'the facts') from one, meshhook.explain_request(id) x;
select is(l.why, 'secret_expired', 'the log has the reason') from one join meshhook.request_log l using (id);
select is(x.problem, 'It was signed with secret feedbeef, which ended on 2026-01-01T00:00:00Z.', 'the sentence') from one, meshhook.explain_request(id) x;
select matches(x.advice, 'meshhook endpoint secret add good ', 'what to do') from one, meshhook.explain_request(id) x;
select is((select (x ->> 'problem') || ' ' || (x ->> 'clock_off') from pg_temp.why('MH_TIMESTAMP_STALE', '{"why": "timestamp_stale", "clock_ms": 361500, "tolerance_ms": 300000, "header": "x-time"}') x),
  'It was signed 6 min before it came; 5m are tolerated. 00:06:01.5', 'times');
select is((pg_temp.why('MH_TOKEN_EXPIRED', '{"why": "token_expired", "clock_ms": 31000, "leeway_ms": 30000, "claim_at": "2026-03-01T11:59:29Z"}') ->> 'problem'),
  'The token expired 31 s before it came (2026-03-01T11:59:29Z); 30s are tolerated.', 'a token');
select is((select array_agg(meshhook_engine.about_duration(ms) order by ms) from unnest('{0,61999,180000,7200000,172800000,1772366399000}'::bigint[]) ms), '{0 s,61 s,3 min,2 h,2 days,20513 days}', 'times as people say them');
select is((pg_temp.why('MH_NEW', '{"why": "of_tomorrow"}') ->> 'problem'), 'short', 'a reason without words: what the door said');
select is((pg_temp.why('MH_SECRET_NONE', null) ->> 'problem'), 'short', 'without a trace too');
-- A fact that looks like a place for a fact is text; nothing is left open.
select is((pg_temp.why('MH_CREDENTIAL_MALFORMED', '{"why": "scheme_other", "got": "{expected}{nothing}", "expected": "bearer"}') ->> 'problem') ~ '\{', false, 'no place is left open');
select is((pg_temp.why('MH_X', '{"why": "secret_none", "secrets": "no list"}') -> 'secrets'), '[]', 'a list that is none');
select is_empty($$select w.why from meshhook_engine.explain_words() w group by w.why having count(*) > 1$$, 'a reason has one sentence');
select cmp_ok((select count(*) from meshhook_engine.explain_words()), '>=', 25::bigint, 'there are many');
select is_empty($$select w.why from meshhook_engine.explain_words() w where w.problem !~ '[.]$' or w.advice !~ '\S'$$, 'each says what happened and what to do');
-- Others.
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body"}')), pg_temp.edges('trigger>a'));
select matches((pg_temp.told('{}') ->> 'advice'), '^Publish and enable one, then: select meshhook.replay_request', 'nobody listens');
insert into meshhook.endpoint_workflows (endpoint_id, workflow_id, project_id) select e.id, w.id, w.project_id from ends e, meshhook.workflows w;
select matches((pg_temp.told('{}') ->> 'problem'), '^It was accepted and started [0-9a-f-]{36}\.$', 'accepted');
select is((select (x ->> 'verdict') || ' ' || (x ->> 'problem') from pg_temp.told('{"verdict": "ignored", "cause": "MH_HANDSHAKE", "message": "answered"}') x),
  'ignored It asked who is there before sending anything, and was answered.', 'a handshake starts nothing');
-- After a second look.
insert into meshhook.reevaluations (project_id, request_id, requested_at, done_at, verdict, cause, message, trace)
  select p.id, o.id, now(), now(), 'rejected', 'MH_SIGNATURE_MISMATCH', 'again', '{"why": "newline_removed"}' from one o, meshhook.projects p where p.slug = 'proof';
select is(x.why || ' ' || (x.later ~ 'still refused: again'), 'newline_removed true', 'what the second look found') from one, meshhook.explain_request(id) x;
select throws_like($$select meshhook.explain_request('00000000-0000-7000-8000-00000000ffff')$$, 'MH_REQUEST_UNKNOWN: %', 'no such request');
select throws_like($$select meshhook.explain_request(null)$$, 'MH_REQUEST_UNKNOWN: %', 'no id');
select * from finish();
rollback;
