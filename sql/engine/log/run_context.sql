-- What expressions see as `run`, from a run row. Called by: new_run, deliver, wake_timers, refold.
create or replace function meshhook_engine.run_context(p_run meshhook.runs, p_workflow text, p_version int) returns jsonb
language plpgsql immutable as $$
begin
  return jsonb_build_object(
    'id', p_run.id, 'workflow', p_workflow, 'version', p_version,
    'started_at', meshhook_engine.iso(p_run.started_at), 'business_key', p_run.business_key);
end $$;
