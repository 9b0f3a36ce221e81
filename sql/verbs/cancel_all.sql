-- Cancels many open runs of a project, oldest first: all, those of a workflow, or those listed. Answers how many.
-- Locks: runs in id order, then what write() takes. Notifies: see cancel().
create or replace function meshhook.cancel_all(project text, workflow text default null, runs uuid[] default null, reason text default null, most int default 10000)
returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_project int := meshhook_engine.require(project, 'operate');
  v_id      uuid;
  v_did     int := 0;
begin
  foreach v_id in array meshhook_engine.open_runs(v_project, workflow, null, runs, meshhook_engine.at_most(most)) loop
    if (meshhook_engine.locked(v_id)).finished_at is null then
      perform meshhook.cancel(v_id, reason);
      v_did := v_did + 1;
    end if;
  end loop;
  return v_did;
end $$;
comment on function meshhook.cancel_all(text, text, uuid[], text, int) is 'Cancels many open runs of a project; answers how many.';
