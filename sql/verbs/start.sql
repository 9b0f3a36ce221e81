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
  v_nodes    meshhook_engine.node[];
  v_run      meshhook.runs;
  v_started  jsonb;
  v_trigger  jsonb;
  v_ctx      jsonb;
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
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

  v_run.id := meshhook_engine.uuid_v7(v_now);
  if idempotency_key is not null then
    insert into meshhook.idempotency_keys (project_id, key, run_id)
    values (v_project, start.idempotency_key, v_run.id)
    on conflict (project_id, key) do nothing;
    if not found then
      select k.run_id into v_known from meshhook.idempotency_keys k where k.project_id = v_project and k.key = start.idempotency_key;
      return v_known;
    end if;
  end if;

  v_run.started_at := v_now;
  v_run.business_key := business_key;
  if v_version.compiled #> '{policy,deadline_ms}' <> 'null' then
    v_run.deadline_at := v_now + make_interval(secs => (v_version.compiled #> '{policy,deadline_ms}')::float8 / 1000);
  end if;
  v_trigger := jsonb_build_object('body', coalesce(input, 'null'), 'received_at', meshhook_engine.iso(v_now), 'headers', '{}'::jsonb, 'query', '{}'::jsonb);
  v_started := jsonb_build_object('workflow', v_workflow.name, 'version', v_version.version, 'trigger', v_trigger);
  if (v_version.compiled -> 'uses_vars')::boolean then
    v_started := v_started || jsonb_build_object('vars', meshhook_engine.vars_of(v_project));
  end if;
  v_nodes := coalesce(v_version.nodes, meshhook_engine.nodes_of(v_version.compiled));
  v_ctx := jsonb_build_object(
    'trigger', v_trigger, 'vars', meshhook_engine.vars_of(v_project),
    'run', meshhook_engine.run_context(v_run, v_workflow.name, v_version.version));
  if delay > interval '0' then
    v_started := v_started || jsonb_build_object(
      'due', (extract(epoch from v_now + delay) * 1000)::bigint, 'delayed_until', meshhook_engine.iso(v_now + delay));
    v_decision.frontier := meshhook_engine.delayed(v_started -> 'due');
    v_decision.status := 'running';
    v_decision.opened := '{*}';
    v_decision.effects := '{}';
  else
    v_decision := meshhook_engine.decide(
      v_version.compiled - 'nodes', v_nodes, '{}', row('run.started', null, null, null, null)::meshhook_engine.fact, v_ctx, null,
      1, v_now, null, null, interval '50 milliseconds');
  end if;
  v_place := meshhook_engine.place(v_run.id, v_project, v_decision, null, null, null, 0, v_nodes, v_now);
  perform meshhook_engine.write(array[meshhook_engine.opening(
    v_run.id, v_project, v_workflow.id, v_version.id, 'manual', null, business_key, v_run.deadline_at, v_decision, v_place, v_started)],
    null, v_now);
  return v_run.id;
end $$;
comment on function meshhook.start(text, text, jsonb, text, text, int, interval) is
  'Starts a run in the caller''s transaction and returns its id; the same idempotency key starts one run only.';
