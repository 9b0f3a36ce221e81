-- Approvals: asked for, answered once by a link that is shown once; each way a link cannot be used.
begin;
select plan(55);
-- with: flow.sql

select pg_temp.flow(jsonb_build_object(
  'ask', pg_temp.node('wait', '{"approval": {"title": "Pay {{ trigger.body.n }} €?"}, "timeout": "2d"}'),
  'pay', pg_temp.node('transform', '{"expr": "steps.ask.{ok: approved, by: by, note: note}"}')), pg_temp.edges('trigger>ask', 'ask>pay'));
create temp table links (n int generated always as identity, run uuid, step text, title text, token text, path text, expires_at timestamptz);
insert into mine select pg_temp.start();
select is((pg_temp.run(run)).status::text || ' ' || pg_temp.types(run), 'waiting run.started signal.awaited', 'it waits') from mine;
select results_eq($$select project, workflow, step, title, until - asked_at, links from meshhook.open_approvals$$, $$values ('proof', 'flow', 'ask', 'Pay 3 €?', interval '2d', 0)$$, 'and says for what');
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run) l;
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run, interval '1h') l;
select is((select array_agg(step || ' ' || title || ' ' || (path = '/a/' || token) || ' ' || (token ~ '^[a-z2-7]{26}$') || ' ' || (expires_at - current_setting('meshhook.fake_now')::timestamptz)::text order by n) from links),
  '{ask Pay 3 €? true true 7 days,ask Pay 3 €? true true 01:00:00}', 'links to answer with');
select is((select count(*) from meshhook.approval_links a join links l on a.token_sha256 = sha256(convert_to(l.token, 'UTF8'))), 2::bigint, 'their hashes are kept');
select is_empty($$select from meshhook.approval_links a, links l where to_jsonb(a)::text like '%' || l.token || '%'$$, 'the tokens are not');
select is_empty($$select from meshhook.audit_trail a, links l where to_jsonb(a)::text like '%' || l.token || '%'$$, 'nor in the audit');
select is((select count(*) from meshhook.audit_trail where action = 'approval.link_made'), 2::bigint, 'which says that they were made');
select is((select links from meshhook.open_approvals), 2, 'two are open');
select is(meshhook_engine.approval(token) - 'run', '{"state": "open", "step": "ask", "title": "Pay 3 €?", "project": "proof", "workflow": "flow", "approved": null}', 'who opens one is shown this') from links where n = 1;
select is((pg_temp.run(run)).status::text, 'waiting', 'and has decided nothing') from mine;
select is(meshhook_engine.approval(t), '{"state": "unknown"}', 'an unknown one: ' || coalesce(t, 'null')) from (values ('nonsense'), (''), (null)) x(t);

-- Yes.
select lives_ok(format('select meshhook.approve(%L, %L)', token, 'fine'), 'approved') from links where n = 1;
select is((pg_temp.run(run)).output, '{"ok": true, "by": "operator", "note": "fine"}', 'the run goes on with who and what') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select throws_like(format('select meshhook.approve(%L)', token), 'MH_APPROVAL_USED:%', 'a second time is refused') from links where n = 1;
select throws_ok(format('select meshhook.reject(%L)', token), 'MH409', null, 'in either way') from links where n = 1;
select throws_like(format('select meshhook.reject(%L)', token), 'MH_APPROVAL_CLOSED:%', 'the other link answers nothing any more') from links where n = 2;
select throws_like(format('select meshhook.approve(%L)', t), 'MH_APPROVAL_UNKNOWN:%', 'unknown: ' || coalesce(t, 'null')) from (values ('x'), (''), (null), (repeat('a', 100000))) x(t);
select throws_ok($$select meshhook.reject('x')$$, 'MH404');
select is((select array_agg(meshhook_engine.approval(token) ->> 'state' order by n) from links), '{used,closed}', 'as links say');
select is((select approved || ' ' || used_by from meshhook.approval_links where used_at is not null), 'true operator', 'kept with the link');
select is((select count(*) from meshhook.audit_trail where action = 'approval.approved'), 1::bigint, 'and in the audit');
select throws_like(format('select meshhook.approval_links(%L)', run), 'MH_APPROVAL_NONE:%', 'nothing is asked any more') from mine;

-- No: the step fails, so that nobody goes on by mistake.
truncate mine, links restart identity;
insert into mine select pg_temp.start();
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run) l;
select lives_ok(format('select meshhook.reject(%L, %L)', token, 'too much'), 'rejected') from links;
select is((pg_temp.run(run)).error, '{"code": "MH_REJECTED", "message": "Rejected by operator: too much", "step": "ask"}', 'the run fails of it') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select is((select string_agg(h.summary, '; ' order by h.seq) from mine, meshhook.history(run) h where h.seq > 2), 'rejected by operator: too much; ask failed: Rejected by operator: too much; Rejected by operator: too much', 'in words');

select meshhook.retry(run) from mine;
select pg_temp.deliver(run, '*', 0, null) from mine;
select is((select count(*) from meshhook.open_approvals), 1::bigint, 'retried, it is asked again');
select throws_like(format('select meshhook.approve(%L)', token), 'MH_APPROVAL_USED:%', 'by another link') from links;
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run) l;
select lives_ok(format('select meshhook.approve(%L)', token), 'and approved') from links where n = 2;
select is((pg_temp.run(run)).status::text, 'succeeded', 'the run goes on') from mine;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');

-- Too late, for the link, for the question, for the run.
truncate mine, links restart identity;
insert into mine select pg_temp.start();
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run, interval '1h') l;
select pg_temp.at('1h');
select throws_like(format('select meshhook.approve(%L)', token), 'MH_APPROVAL_EXPIRED:%', 'the link has expired') from links;
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run) l;
select pg_temp.at('47h'), pg_temp.wake();
select is((pg_temp.run(run)).error ->> 'code', 'MH_WAIT_TIMEOUT', 'nobody answered') from mine;
select throws_like(format('select meshhook.approve(%L)', token), 'MH_APPROVAL_CLOSED:%', 'after the timeout') from links where n = 2;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
truncate mine, links restart identity;
insert into mine select pg_temp.start();
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run) l;
select meshhook.cancel(run) from mine;
select throws_like(format('select meshhook.approve(%L)', token), 'MH_APPROVAL_CLOSED:%', 'after a cancellation') from links;
select is((select count(*) from meshhook.open_approvals), 0::bigint, 'nothing is asked');

-- Paused: the answer is recorded, the run goes on when it is resumed.
truncate mine, links restart identity;
insert into mine select pg_temp.start();
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run) l;
select meshhook.pause(run) from mine;
select lives_ok(format('select meshhook.approve(%L)', token), 'a paused run can be answered') from links;
select is_empty($$select * from mine, meshhook.verify(run)$$, 'proven');
select is(meshhook.signal('proof', 'ask'), 0, 'an approval is no signal');
select throws_like(format('select meshhook.approval_links(%L, %L)', run, v), 'MH_APPROVAL_EXPIRY:%', 'valid for ' || coalesce(v, 'null')) from mine, (values ('-1s'), ('0'), ('400 days'), (null)) x(v);
select throws_ok($$select meshhook.approval_links('00000000-0000-7000-8000-000000000000')$$, 'MH404');
-- Whoever has the token may answer, a stranger too; and may nothing else.
truncate mine, links restart identity;
insert into mine select pg_temp.start();
insert into links (run, step, title, token, path, expires_at) select run, l.* from mine, meshhook.approval_links(run) l;
create role mh_t_stranger login noinherit;
grant meshhook_user to mh_t_stranger;
create function pg_temp.as_stranger(statement text) returns text language plpgsql as $$
declare v text := 'ok';
begin
  set local session authorization mh_t_stranger;
  set local role meshhook_user;
  begin
    execute statement;
  exception when others then
    v := sqlstate;
  end;
  reset session authorization;
  reset role;
  return v;
end $$;
select is(pg_temp.as_stranger(format('select meshhook.approval_links(%L)', run)), 'MH404', 'a stranger is given no link') from mine;
select is(pg_temp.as_stranger(format('select meshhook_engine.answer_approval(%L, true, null, %L)', token, 'somebody else')), '42501', 'nor may he answer in another''s name') from links;
select is(pg_temp.as_stranger(format('select meshhook.approve(%L)', token)), 'ok', 'with a link he may answer') from links;
select is((pg_temp.run(run)).output ->> 'by', 'mh_t_stranger', 'in his own') from mine;
select * from finish();
rollback;
