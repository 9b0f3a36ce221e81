-- Ends a run now. Calls in flight are given up by the processes that make them; a result that comes all the same is dropped as
-- stale.
-- Locks: the run, then what write() takes. Notifies: meshhook_ended. Canceling a run that has ended is refused with MH_RUN_ENDED.
create or replace function meshhook.cancel(run uuid, reason text default null) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run meshhook.runs := meshhook_engine.run_for(run, 'operate');
begin
  v_run := meshhook_engine.locked(run);
  if v_run.finished_at is not null then
    raise exception using
      errcode = 'MH409', message = format('MH_RUN_ENDED: the run has ended already, it is %s', v_run.status),
      detail = jsonb_build_object('code', 'MH_RUN_ENDED', 'status', v_run.status)::text,
      hint = 'Only a run that is open can be canceled.';
  end if;
  perform meshhook_engine.write(array[meshhook_engine.ended_from_outside(v_run, 'canceled', jsonb_build_object(
    'code', 'MH_CANCELED', 'message', coalesce(reason, 'Canceled.'), 'by', meshhook.principal()))], null, meshhook_engine.clock());
  perform meshhook_engine.tell_ended(v_run, null);
  perform meshhook_engine.audit(v_run.project_id, 'run.canceled', run::text, jsonb_build_object('reason', reason));
end $$;
comment on function meshhook.cancel(uuid, text) is 'Ends a run now, with a reason. Calls in flight are given up, results that come all the same dropped.';
