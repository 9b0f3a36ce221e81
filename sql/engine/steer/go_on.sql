-- Lets a paused run, whose lock the caller holds, go on: whatever is open finds a queue row or a wait again; calls not before
-- p_due, when that is given. The rest of the deadline begins to run.
-- Locks: events, waits, then river_job rows. Notifies: see rehold. Called by: resume, resume_all.
create or replace function meshhook_engine.go_on(p_run meshhook.runs, p_due timestamptz, p_now timestamptz) returns void
language plpgsql volatile as $$
declare
  v_due  jsonb := to_jsonb((extract(epoch from p_due) * 1000)::bigint);
  v_left bigint;
begin
  v_left := (
    select (e.data -> 'deadline_left_ms')::bigint from meshhook.events e
    where e.run_id = p_run.id and e.type = 'run.paused' order by e.seq desc limit 1);
  p_run.frontier := meshhook_engine.put_off(p_run.frontier, v_due);
  perform meshhook_engine.write(array[meshhook_engine.steered(p_run, 'run.resumed', null, 'running', p_run.frontier, jsonb_strip_nulls(
    jsonb_build_object('by', meshhook.principal(), 'due', v_due)))], null, p_now);
  update meshhook.runs r set deadline_at = p_now + make_interval(secs => v_left / 1000.0) where r.id = p_run.id;
  perform meshhook_engine.rehold(meshhook_engine.locked(p_run.id), p_now);
  perform meshhook_engine.audit(p_run.project_id, 'run.resumed', p_run.id::text, jsonb_strip_nulls(jsonb_build_object('due', v_due)));
end $$;
