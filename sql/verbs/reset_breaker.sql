-- Closes a breaker, whatever it was; calls that wait for it are due now. Answers with how many those are.
-- Locks: the breaker's row, then waits (skip locked). Audited.
create or replace function meshhook.reset_breaker(project text, key text) returns int
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'operate');
  v_now     timestamptz := meshhook_engine.clock();
  v_freed   int;
begin
  update meshhook.breakers b
  set state = 'closed', failures = 0, window_start = null, open_until = null, probe_run = null, probe_step = null, probe_until = null,
      cause = 'reset by ' || coalesce(meshhook.principal(), session_user), updated_at = v_now
  where b.project_id = v_project and b.key = reset_breaker.key;
  if not found then
    raise exception using
      errcode = 'MH404', message = format('MH_BREAKER_UNKNOWN: project %s has no breaker %s', project, coalesce(quote_literal(left(reset_breaker.key, 300)), 'null')),
      detail = jsonb_build_object('code', 'MH_BREAKER_UNKNOWN', 'key', left(reset_breaker.key, 300))::text,
      hint = 'A breaker is there once a call through it has failed: select project, key, state from meshhook.breaker_state';
  end if;
  v_freed := meshhook_engine.free_waits(v_project, 'breaker:' || reset_breaker.key, v_now);
  perform meshhook_engine.audit(v_project, 'breaker.reset', reset_breaker.key, jsonb_build_object('freed', v_freed));
  return v_freed;
end $$;
comment on function meshhook.reset_breaker(text, text) is 'Closes a breaker; the calls that wait for it go. Answers with how many.';
