-- Says of many dead letters of a project that they are dealt with, and why; filters as in retry_all. Answers how many.
-- Locks: runs in id order. Notifies nobody.
create or replace function meshhook.dismiss_all(
  project text, why text, workflow text default null, error_class text default null, fingerprint text default null, since timestamptz default null,
  runs uuid[] default null, most int default 10000)
returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_project int := meshhook_engine.require(project, 'operate');
  v_id      uuid;
  v_did     int := 0;
begin
  foreach v_id in array meshhook_engine.dead_runs(v_project, workflow, error_class, fingerprint, since, runs, meshhook_engine.at_most(most)) loop
    if (meshhook_engine.locked(v_id)).dead_letter is not null then
      perform meshhook.dismiss(v_id, why);
      v_did := v_did + 1;
    end if;
  end loop;
  return v_did;
end $$;
comment on function meshhook.dismiss_all(text, text, text, text, text, timestamptz, uuid[], int) is
  'Says of many dead letters of a project that they are dealt with, and why; answers how many.';
