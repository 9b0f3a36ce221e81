-- Lets a paused run go on where it stands; timers that came due meanwhile fire at once.
-- Locks: the run, then what go_on() takes. Notifies: see rehold().
create or replace function meshhook.resume(run uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run meshhook.runs := meshhook_engine.run_for(run, 'operate');
begin
  v_run := meshhook_engine.locked(run);
  if v_run.status <> 'paused' then
    perform meshhook_engine.refuse_steering(v_run, 'MH_RUN_NOT_PAUSED', format('the run is not paused, it is %s', v_run.status),
      case when v_run.status = 'failed' then 'A failed run goes on by meshhook.retry(run).' else 'Only a paused run can be resumed.' end);
  end if;
  perform meshhook_engine.go_on(v_run, null, meshhook_engine.clock());
end $$;
comment on function meshhook.resume(uuid) is 'Lets a paused run go on where it stands; timers that came due meanwhile fire at once.';
