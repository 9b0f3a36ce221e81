-- Makes a one-time link for each approval that a run asks for. It is shown here and never again: of
-- the token only its hash is kept. Any number of links may be made for one question; the first that is used answers it.
-- Locks nothing. Raises MH_APPROVAL_NONE when the run asks for none. Notifies nobody.
create or replace function meshhook.approval_links(run uuid, valid_for interval default '7 days')
returns table (step text, title text, token text, path text, expires_at timestamptz)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_now  timestamptz := meshhook_engine.clock();
  v_run  meshhook.runs := meshhook_engine.run_for(run, 'operate');
  v_step record;
begin
  if valid_for is null or valid_for <= interval '0' or valid_for > interval '366 days' then
    raise exception using
      errcode = 'MH400', message = format('MH_APPROVAL_EXPIRY: a link is valid for up to a year, not for %s', coalesce(valid_for::text, 'null')),
      detail = '{"code": "MH_APPROVAL_EXPIRY"}', hint = 'Give something like interval ''7 days''.';
  end if;
  for v_step in
    select o.key as step, (o.value -> 'q')::int as seq
    from jsonb_each(v_run.frontier -> 'open') o
    where o.value -> 's' = 'null'
    order by 2
  loop
    step := v_step.step;
    title := (select f.data #>> '{approval,title}' from meshhook_engine.facts(v_run.id, array[v_step.seq]) f);
    token := meshhook_engine.new_token();
    path := '/a/' || token;
    expires_at := v_now + valid_for;
    insert into meshhook.approval_links (token_sha256, project_id, run_id, step, seq, made_by, made_at, expires_at)
    values (sha256(convert_to(token, 'UTF8')), v_run.project_id, v_run.id, step, v_step.seq, meshhook.principal(), v_now, expires_at);
    perform meshhook_engine.audit(v_run.project_id, 'approval.link_made', v_run.id::text, jsonb_build_object('step', step, 'expires_at', expires_at));
    return next;
  end loop;
  if not found then
    raise exception using
      errcode = 'MH409', message = 'MH_APPROVAL_NONE: the run asks for no approval',
      detail = '{"code": "MH_APPROVAL_NONE"}', hint = 'select run_id, step, title from meshhook.open_approvals shows the runs that do.';
  end if;
end $$;
comment on function meshhook.approval_links(uuid, interval) is
  'Makes a one-time link, shown only now, for each approval that a run asks for. Who opens it is asked; who has it may answer.';
