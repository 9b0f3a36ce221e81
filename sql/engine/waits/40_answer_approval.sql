-- Approves or rejects by a one-time link: whoever has the token may. Each way it cannot be used has its code: MH_APPROVAL_UNKNOWN,
-- _USED, _EXPIRED, and _CLOSED when nobody asks any more (the run ended, the timeout came, another link was used).
-- Locks: the run, then the link, then what write() takes; of two at once one wins. Notifies: see write().
-- Called by: approve, reject; the server, for a link.
create or replace function meshhook_engine.answer_approval(p_token text, p_approved boolean, p_note text, p_by text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_now  timestamptz := meshhook_engine.clock();
  v_hash bytea := sha256(convert_to(coalesce(p_token, ''), 'UTF8'));
  v_link meshhook.approval_links;
  v_run  meshhook.runs;
  v_code text;
  v_data jsonb;
begin
  select * into v_link from meshhook.approval_links l where l.token_sha256 = v_hash;
  v_run := meshhook_engine.locked(v_link.run_id);
  select * into v_link from meshhook.approval_links l where l.token_sha256 = v_hash for no key update;
  v_code := meshhook_engine.approval_state(v_link, v_run, v_now);
  if v_code <> 'open' then
    raise exception using
      errcode = case v_code when 'unknown' then 'MH404' else 'MH409' end,
      message = format('MH_APPROVAL_%s: %s', upper(v_code), case v_code
        when 'unknown' then 'there is no such approval link'
        when 'used' then 'this link has been used already'
        when 'expired' then 'this link has expired'
        else 'nobody asks for this approval any more' end),
      detail = jsonb_build_object('code', 'MH_APPROVAL_' || upper(v_code))::text,
      hint = case v_code
        when 'used' then 'A link is good for one answer. What was answered stands in the run''s history.'
        else 'select * from meshhook.open_approvals shows what is asked for; meshhook.approval_links(run) makes a new link.' end;
  end if;
  update meshhook.approval_links l set used_at = v_now, used_by = p_by, approved = p_approved where l.token_sha256 = v_hash;
  v_data := jsonb_build_object('value', jsonb_strip_nulls(jsonb_build_object(
    'approved', p_approved, 'by', p_by, 'at', meshhook_engine.iso(v_now), 'note', nullif(left(p_note, 2000), ''))));
  perform meshhook_engine.write(array[meshhook_engine.arrive(
    v_run, array[row('signal.received', v_link.step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact], v_now)], null, v_now);
  perform meshhook_engine.audit(v_run.project_id, case when p_approved then 'approval.approved' else 'approval.rejected' end, v_run.id::text,
    jsonb_build_object('step', v_link.step, 'by', p_by));
end $$;
