-- Lets many paused runs of a project go on, oldest first: all, those of a workflow, or those listed. Their calls begin spread over
-- time, per_second of them each second; null lets all begin at once. Answers how many.
-- Locks: runs in id order, then what go_on() takes. Notifies: see rehold().
create or replace function meshhook.resume_all(
  project text, workflow text default null, runs uuid[] default null, per_second numeric default 10, most int default 10000)
returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_project int := meshhook_engine.require(project, 'operate');
  v_now     timestamptz := meshhook_engine.clock();
  v_id      uuid;
  v_run     meshhook.runs;
  v_did     int := 0;
begin
  perform meshhook_engine.spread(1, per_second, v_now);
  foreach v_id in array meshhook_engine.open_runs(v_project, workflow, true, runs, meshhook_engine.at_most(most)) loop
    v_run := meshhook_engine.locked(v_id);
    if v_run.status = 'paused' then
      v_did := v_did + 1;
      perform meshhook_engine.go_on(v_run, meshhook_engine.spread(v_did, per_second, v_now), v_now);
    end if;
  end loop;
  return v_did;
end $$;
comment on function meshhook.resume_all(text, text, uuid[], numeric, int) is
  'Lets many paused runs of a project go on, per_second of them a second (null: all at once); answers how many.';
