-- Lets a failed run go on at the step that failed, in the same run and log: the call is made again with all its tries before it
-- and the same Idempotency-Key; what the failure canceled goes on where it stood.
-- Locks: the run, then what try_again() takes. Notifies: see rehold().
create or replace function meshhook.retry(run uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run meshhook.runs := meshhook_engine.run_for(run, 'operate');
begin
  v_run := meshhook_engine.locked(run);
  if v_run.status <> 'failed' then
    perform meshhook_engine.refuse_steering(v_run, 'MH_RUN_NOT_FAILED', format('the run has not failed, it is %s', v_run.status),
      case v_run.status when 'paused' then 'A paused run goes on by meshhook.resume(run).'
        when 'succeeded' then 'Repeat it as another run with meshhook.rerun(run).' when 'canceled' then 'Repeat it as another run with meshhook.rerun(run).'
        else 'It is under way; its calls are tried again by themselves.' end);
  end if;
  if not meshhook_engine.try_again(v_run, null, meshhook_engine.clock()) then
    perform meshhook_engine.refuse_steering(v_run, 'MH_RETRY_NOTHING', 'the run has no step to go on with', 'Repeat it as another run with meshhook.rerun(run).');
  end if;
end $$;
comment on function meshhook.retry(uuid) is
  'Lets a failed run go on at the step that failed, in the same run. In bulk: select meshhook.retry(id) from meshhook.dead_letters where ..., or meshhook.retry_all.';
