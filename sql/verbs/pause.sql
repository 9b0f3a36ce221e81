-- Keeps a run from beginning anything new. Calls in flight are made to their end and recorded; a run that comes to its end by
-- one of them ends. Its deadline stands still.
-- Locks: the run, then what halt() takes. Notifies nobody.
create or replace function meshhook.pause(run uuid, reason text default null) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run meshhook.runs := meshhook_engine.run_for(run, 'operate');
begin
  v_run := meshhook_engine.locked(run);
  if v_run.finished_at is not null then
    perform meshhook_engine.refuse_steering(v_run, 'MH_RUN_ENDED', format('the run has ended already, it is %s', v_run.status), 'Only a run that is open can be paused.');
  elsif v_run.status = 'paused' then
    perform meshhook_engine.refuse_steering(v_run, 'MH_RUN_PAUSED', 'the run is paused already', format('Let it go on with: select meshhook.resume(%L)', run));
  end if;
  perform meshhook_engine.halt(v_run, left(reason, 2000), meshhook_engine.clock());
end $$;
comment on function meshhook.pause(uuid, text) is
  'Keeps a run from beginning anything new until it is resumed. Calls in flight are finished and recorded; the deadline stands still.';
