-- Starts the error workflow (policy.error_workflow) of runs that have just failed, in the commit of the failure: a run with the
-- failure as its trigger's body, linked by origin_id. A run that deals with a failure starts none when it fails itself. A workflow
-- that is not there, has no version or is disabled starts nothing.
-- Body: {run: {id, workflow, version, trigger, business_key, started_at}, error}.
-- Locks: none on existing rows. Writes and notifies: see write. Called by: write, when a run failed.
create or replace function meshhook_engine.heed_failures(p_changes meshhook_engine.change[], p_now timestamptz) returns void
language plpgsql volatile as $$
declare
  v_failed  record;
  v_change  meshhook_engine.change;
  v_changes meshhook_engine.change[] := '{}'::meshhook_engine.change[];
  v_ids     uuid[] := '{}'::uuid[];
  v_origins uuid[] := '{}'::uuid[];
begin
  for v_failed in
    select r.id, r.project_id, r.business_key, t.*, jsonb_build_object('error', r.error, 'run', jsonb_build_object(
      'id', r.id, 'workflow', w.name, 'version', v.version, 'trigger', r.trigger, 'business_key', r.business_key,
      'started_at', meshhook_engine.iso(r.started_at))) as body
    from unnest(p_changes) c
    cross join lateral (select * from meshhook.runs k where k.id = c.run_id) r
    join meshhook.workflow_versions v on v.id = r.version_id
    join meshhook.workflows w on w.id = v.workflow_id
    join meshhook.workflows e on e.project_id = r.project_id and e.name = v.compiled #>> '{policy,error_workflow}'
    join meshhook_engine.targets(array[e.id]) t on true
    where c.status = 'failed' and r.trigger <> 'error'
    order by r.id
  loop
    v_ids := v_ids || meshhook_engine.uuid_v7(p_now);
    v_origins := v_origins || v_failed.id;
    v_change := meshhook_engine.new_run(
      v_ids[cardinality(v_ids)], v_failed.project_id, v_failed.workflow_id, v_failed.name, v_failed.version_id, v_failed.version,
      v_failed.graph, v_failed.nodes, 'error', jsonb_build_object(
        'body', v_failed.body, 'received_at', meshhook_engine.iso(p_now), 'headers', '{}'::jsonb, 'query', '{}'::jsonb),
      v_failed.business_key, null, p_now, jsonb_build_object('origin', v_failed.id));
    v_changes := v_changes || v_change;
  end loop;
  if cardinality(v_changes) = 0 then
    return;
  end if;
  perform meshhook_engine.write(v_changes, null, p_now);
  update meshhook.runs r set origin_id = o.origin
  from unnest(v_ids, v_origins) o(id, origin)
  where r.id = o.id and r.id = any (v_ids);
end $$;
