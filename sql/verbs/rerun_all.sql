-- Reruns many dead letters of a project from their beginning, oldest first, on their own version or the one named; filters as in
-- retry_all. The new runs begin spread over time, per_second of them each second. Answers how many.
-- A run is left out when somebody else has dealt with it meanwhile, when its webhook is not kept any more, or when its workflow
-- is disabled or has no such version.
-- Locks: runs in id order. Writes and notifies: see write().
create or replace function meshhook.rerun_all(
  project text, workflow text default null, error_class text default null, fingerprint text default null, since timestamptz default null,
  runs uuid[] default null, version int default null, per_second numeric default 10, most int default 10000)
returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_project int := meshhook_engine.require(project, 'operate');
  v_now     timestamptz := meshhook_engine.clock();
  v_id      uuid;
  v_run     meshhook.runs;
  v_name    text;
  v_version meshhook.workflow_versions;
  v_body    jsonb;
  v_did     int := 0;
begin
  perform meshhook_engine.spread(1, per_second, v_now);
  foreach v_id in array meshhook_engine.dead_runs(v_project, workflow, error_class, fingerprint, since, runs, meshhook_engine.at_most(most)) loop
    v_run := meshhook_engine.locked(v_id);
    continue when v_run.dead_letter is null;
    select v.* into v_version
    from meshhook.workflow_versions v join meshhook.workflows w on w.id = v.workflow_id
    where v.workflow_id = v_run.workflow_id and w.enabled
      and case when rerun_all.version is null then v.id = v_run.version_id else v.version = rerun_all.version end;
    v_body := meshhook_engine.recall_start(v_run.id, v_run.request_id) #> '{trigger,body}';
    continue when v_version.id is null or v_body is null;
    select w.name into v_name from meshhook.workflows w where w.id = v_run.workflow_id;
    perform meshhook_engine.require_input(v_version.compiled, v_body);
    perform meshhook_engine.repeat(v_run, null, null, v_version, v_name, meshhook_engine.spread(v_did + 1, per_second, v_now), v_now);
    v_did := v_did + 1;
  end loop;
  return v_did;
end $$;
comment on function meshhook.rerun_all(text, text, text, text, timestamptz, uuid[], int, numeric, int) is
  'Reruns many dead letters of a project from their beginning, per_second of them a second (null: all at once); answers how many.';
