-- Retries many dead letters of a project, oldest first: those of a workflow, a class, a fingerprint, a time, or those listed.
-- Calls begin spread over time, per_second of them each second; null lets all begin at once. Answers how many.
-- A run that somebody else has dealt with meanwhile is left out.
-- Locks: runs in id order, then what try_again() takes. Notifies: see rehold().
create or replace function meshhook.retry_all(
  project text, workflow text default null, error_class text default null, fingerprint text default null, since timestamptz default null,
  runs uuid[] default null, per_second numeric default 10, most int default 10000)
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
  foreach v_id in array meshhook_engine.dead_runs(v_project, workflow, error_class, fingerprint, since, runs, meshhook_engine.at_most(most)) loop
    v_run := meshhook_engine.locked(v_id);
    if v_run.dead_letter is not null and meshhook_engine.try_again(v_run, meshhook_engine.spread(v_did + 1, per_second, v_now), v_now) then
      v_did := v_did + 1;
    end if;
  end loop;
  return v_did;
end $$;
comment on function meshhook.retry_all(text, text, text, text, timestamptz, uuid[], numeric, int) is
  'Retries many dead letters of a project, per_second of them a second (null: all at once); answers how many.';
