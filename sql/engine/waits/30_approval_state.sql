-- How an approval link stands: unknown, used, closed (its question is not asked any more), expired, open.
-- Called by: answer_approval, approval.
create or replace function meshhook_engine.approval_state(p_link meshhook.approval_links, p_run meshhook.runs, p_now timestamptz) returns text
language sql stable
return case
  when p_link.token_sha256 is null then 'unknown'
  when p_link.used_at is not null then 'used'
  when (p_run.frontier #> array['open', p_link.step, 'q'])::int is distinct from p_link.seq then 'closed'
  when p_link.expires_at <= p_now then 'expired'
  else 'open' end;
