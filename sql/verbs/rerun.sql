-- Repeats a run that has ended, as a new run linked to it by origin_id: with the same trigger or another input, on the same
-- version or another. From a step on, results of all steps that it does not lead to are taken along, and only what it leads
-- to happens again, under new Idempotency-Keys. A dead letter is dealt with by it.
-- Locks: the run. Writes and notifies: see write().
create or replace function meshhook.rerun(run uuid, from_step text default null, input jsonb default null, version int default null) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run      meshhook.runs := meshhook_engine.run_for(run, 'operate');
  v_workflow meshhook.workflows;
  v_version  meshhook.workflow_versions;
  v_body     jsonb := input;
  v_new      uuid;
begin
  v_run := meshhook_engine.locked(run);
  if v_run.finished_at is null then
    perform meshhook_engine.refuse_steering(v_run, 'MH_RUN_OPEN', format('the run has not ended, it is %s', v_run.status),
      format('Wait for its end, or end it with: select meshhook.cancel(%L)', run));
  end if;
  select * into v_workflow from meshhook.workflows w where w.id = v_run.workflow_id;
  if not v_workflow.enabled then
    perform meshhook_engine.refuse_steering(v_run, 'MH_WORKFLOW_DISABLED', format('workflow %s is disabled', v_workflow.name),
      format('Enable it with: select meshhook.enable(<project>, %L)', v_workflow.name));
  end if;
  select * into v_version from meshhook.workflow_versions v
  where v.workflow_id = v_workflow.id and case when rerun.version is null then v.id = v_run.version_id else v.version = rerun.version end;
  if v_version.id is null then
    raise exception using
      errcode = 'MH404', message = format('MH_VERSION_UNKNOWN: workflow %s has no version %s', v_workflow.name, rerun.version),
      detail = '{"code": "MH_VERSION_UNKNOWN"}',
      hint = format('List them with: select version from meshhook.version_list where workflow = %L', v_workflow.name);
  end if;
  if from_step is not null and not exists (select from jsonb_array_elements(v_version.compiled -> 'nodes') n where n ->> 'id' = from_step and not n ? 'loop') then
    raise exception using
      errcode = 'MH404', message = format('MH_STEP_UNKNOWN: version %s of %s has no step %s', v_version.version, v_workflow.name, quote_literal(left(from_step, 100))),
      detail = jsonb_build_object('code', 'MH_STEP_UNKNOWN', 'step', left(from_step, 100))::text,
      hint = format('List them with: select step, status from meshhook.run_steps where run_id = %L', run);
  end if;
  if v_body is null then
    v_body := meshhook_engine.recall_start(v_run.id, v_run.request_id) #> '{trigger,body}';
    if v_body is null then
      perform meshhook_engine.refuse_steering(v_run, 'MH_REQUEST_GONE', 'the webhook that started the run is not kept any more',
        'Give the input: select meshhook.rerun(run, input => ...)');
    end if;
  end if;
  perform meshhook_engine.require_input(v_version.compiled, v_body);
  v_new := meshhook_engine.repeat(v_run, from_step, input, v_version, v_workflow.name, null, meshhook_engine.clock());
  if v_new is null then
    perform meshhook_engine.refuse_steering(v_run, 'MH_STEP_NOT_REACHED',
      format('the run never came to step %s: what leads to it has no results', quote_literal(from_step)),
      'Rerun it from a step before that, or from its beginning.');
  end if;
  return v_new;
end $$;
comment on function meshhook.rerun(uuid, text, jsonb, int) is
  'Repeats a run that has ended as a new one: from its beginning or from a step (results before it are taken along), with its trigger or another input, on its version or another. Answers the new run.';
