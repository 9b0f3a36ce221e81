-- Pauses many open runs of a project, oldest first: all, those of a workflow, or those listed. Answers how many.
-- Locks: runs in id order, then what halt() takes. Notifies nobody.
create or replace function meshhook.pause_all(project text, workflow text default null, runs uuid[] default null, reason text default null, most int default 10000)
returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_project int := meshhook_engine.require(project, 'operate');
  v_now     timestamptz := meshhook_engine.clock();
  v_id      uuid;
  v_run     meshhook.runs;
  v_did     int := 0;
begin
  foreach v_id in array meshhook_engine.open_runs(v_project, workflow, false, runs, meshhook_engine.at_most(most)) loop
    v_run := meshhook_engine.locked(v_id);
    if v_run.finished_at is null and v_run.status <> 'paused' then
      perform meshhook_engine.halt(v_run, left(reason, 2000), v_now);
      v_did := v_did + 1;
    end if;
  end loop;
  return v_did;
end $$;
comment on function meshhook.pause_all(text, text, uuid[], text, int) is 'Pauses many open runs of a project; answers how many.';
