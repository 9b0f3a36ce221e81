-- Lets a failed run, whose lock the caller holds, go on at the step that failed, in the same log; calls not before p_due, when
-- that is given. Answers false when there is nothing to go on with.
-- Locks: events, waits, then river_job rows. Notifies: see rehold. Called by: retry, retry_all.
create or replace function meshhook_engine.try_again(p_run meshhook.runs, p_due timestamptz, p_now timestamptz) returns boolean
language plpgsql volatile as $$
declare
  v_due      jsonb := to_jsonb((extract(epoch from p_due) * 1000)::bigint);
  v_frontier jsonb;
begin
  v_frontier := (
    select meshhook_engine.reopened(p_run.frontier, coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)), p_run.error, null, p_now, v_due)
    from meshhook.workflow_versions v where v.id = p_run.version_id);
  if v_frontier -> 'open' = '{}' and not v_frontier ? 'rest' then
    return false;
  end if;
  perform meshhook_engine.write(array[meshhook_engine.steered(p_run, 'run.retried', p_run.error ->> 'step', 'running', v_frontier, jsonb_strip_nulls(
    jsonb_build_object('by', meshhook.principal(), 'due', v_due)))], null, p_now);
  perform meshhook_engine.new_deadline(p_run.id, p_now);
  perform meshhook_engine.rehold(meshhook_engine.locked(p_run.id), p_now);
  perform meshhook_engine.audit(p_run.project_id, 'run.retried', p_run.id::text,
    jsonb_strip_nulls(jsonb_build_object('step', p_run.error -> 'step', 'code', p_run.error -> 'code', 'due', v_due)));
  return true;
end $$;
