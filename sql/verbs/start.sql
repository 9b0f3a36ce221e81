-- Starts a run of a workflow's live version (or of the one named), in the caller's transaction: it commits or vanishes with it.
-- The same idempotency key in a project starts one run, and answers its id every time.
-- With a delay the first segment is decided when the time has come, by a timer.
-- Locks: none on existing rows. Writes: idempotency key, then write(). Notifies: see write().
create or replace function meshhook.start(
  project text, workflow text, input jsonb default '{}', business_key text default null,
  idempotency_key text default null, version int default null, delay interval default null)
returns uuid
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  v_now      timestamptz := meshhook_engine.clock();
  v_project  int := meshhook_engine.require(project, 'operate');
  v_workflow meshhook.workflows;
  v_version  meshhook.workflow_versions;
  v_run      uuid;
  v_known    uuid;
begin
  select * into v_workflow from meshhook.workflows w where w.project_id = v_project and w.name = start.workflow;
  if v_workflow.id is null then
    raise exception using
      errcode = 'MH404', message = format('MH_WORKFLOW_UNKNOWN: project %s has no workflow %s', project, workflow),
      detail = jsonb_build_object('code', 'MH_WORKFLOW_UNKNOWN', 'workflow', workflow)::text,
      hint = 'List them with: select workflow, live_version from meshhook.workflow_list';
  end if;
  if not v_workflow.enabled then
    raise exception using
      errcode = 'MH409', message = format('MH_WORKFLOW_DISABLED: workflow %s is disabled', workflow),
      detail = jsonb_build_object('code', 'MH_WORKFLOW_DISABLED', 'workflow', workflow)::text,
      hint = format('Enable it with: select meshhook.enable(%L, %L)', project, workflow);
  end if;
  select * into v_version from meshhook.workflow_versions v
  where v.workflow_id = v_workflow.id and v.version = coalesce(start.version, v_workflow.live_version);
  if v_version.id is null then
    raise exception using
      errcode = 'MH404',
      message = case when start.version is null then format('MH_NOT_PUBLISHED: workflow %s has no published version', workflow)
                     else format('MH_VERSION_UNKNOWN: workflow %s has no version %s', workflow, start.version) end,
      detail = jsonb_build_object('code', case when start.version is null then 'MH_NOT_PUBLISHED' else 'MH_VERSION_UNKNOWN' end)::text,
      hint = format('Publish it with: select meshhook.publish(%L, %L)', project, workflow);
  end if;

  perform meshhook_engine.require_input(v_version.compiled, coalesce(input, 'null'));
  v_run := meshhook_engine.uuid_v7(v_now);
  if idempotency_key is not null then
    insert into meshhook.idempotency_keys (project_id, key, run_id)
    values (v_project, start.idempotency_key, v_run)
    on conflict (project_id, key) do nothing;
    if not found then
      select k.run_id into v_known from meshhook.idempotency_keys k where k.project_id = v_project and k.key = start.idempotency_key;
      return v_known;
    end if;
  end if;

  perform meshhook_engine.refuse_over_cap(v_project);
  perform meshhook_engine.write(array[meshhook_engine.new_run(
    v_run, v_project, v_workflow.id, v_workflow.name, v_version.id, v_version.version, v_version.compiled - 'nodes',
    coalesce(v_version.nodes, meshhook_engine.nodes_of(v_version.compiled)), 'manual',
    jsonb_build_object('body', coalesce(input, 'null'), 'received_at', meshhook_engine.iso(v_now), 'headers', '{}'::jsonb, 'query', '{}'::jsonb),
    business_key, v_now + delay, v_now)], null, v_now);
  return v_run;
end $$;
comment on function meshhook.start(text, text, jsonb, text, text, int, interval) is
  'Starts a run in the caller''s transaction and returns its id; the same idempotency key starts one run only.';
