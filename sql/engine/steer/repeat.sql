-- Starts a run that repeats another one, whose lock the caller holds: from its beginning or from a step, with its trigger or
-- another input, on its version or another. The failure of the other one is dealt with by that. The caller has checked that
-- the run has ended, the step is there, the input fits. Not before p_due, when that is given (from the beginning only).
-- Answers null when the other run never came to the step.
-- Locks: none but the caller's. Writes: write(), the other run's row. Notifies: see write. Called by: rerun, rerun_all.
create or replace function meshhook_engine.repeat(
  p_run meshhook.runs, p_from text, p_input jsonb, p_version meshhook.workflow_versions, p_name text, p_due timestamptz, p_now timestamptz)
returns uuid
language plpgsql volatile as $$
declare
  v_id      uuid := meshhook_engine.uuid_v7(p_now);
  v_nodes   meshhook_engine.node[] := coalesce(p_version.nodes, meshhook_engine.nodes_of(p_version.compiled));
  v_started jsonb;
  v_trigger jsonb := meshhook_engine.recall_start(p_run.id, p_run.request_id) -> 'trigger';
  v_request uuid;
  v_more    jsonb := jsonb_build_object('origin', p_run.id);
  v_ready   jsonb;
  v_place   int;
begin
  if p_input is not null then
    v_trigger := coalesce(nullif(v_trigger, 'null'), jsonb_build_object('received_at', meshhook_engine.iso(p_now), 'headers', '{}'::jsonb, 'query', '{}'::jsonb))
      || jsonb_build_object('body', p_input);
  else
    select f.data into v_started from meshhook_engine.facts(p_run.id, array[1]) f;
    if v_started ? 'request' then
      v_request := p_run.request_id;
      v_more := v_more || jsonb_build_object('request', v_started -> 'request', 'body_sha256', v_started -> 'body_sha256');
    end if;
  end if;
  if p_from is not null then
    v_more := v_more || jsonb_build_object('from', p_from, 'copied', meshhook_engine.carry(p_run, p_from, v_nodes, (
      select coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)) from meshhook.workflow_versions v where v.id = p_run.version_id)));
    -- It must be ready, by an edge that is taken.
    v_ready := meshhook_engine.carried(p_version.compiled, v_nodes, v_more -> 'copied');
    v_place := (select n.pos from unnest(v_nodes) with ordinality n(id, kind, mask, steps, any_join, go_on, on_failure, ins, sources, next_edges, next_nodes, next_ports, spec, pos)
      where n.id = p_from and not n.spec ? 'loop');
    if not (v_ready -> 'rest' @> to_jsonb(v_place) and exists (
      select from unnest(v_nodes[v_place].ins) e where substr(v_ready ->> 'e', e, 1) = 't'))
    then
      return null;
    end if;
  end if;
  perform meshhook_engine.write(array[meshhook_engine.new_run(
    v_id, p_run.project_id, p_run.workflow_id, p_name, p_version.id, p_version.version, p_version.compiled - 'nodes', v_nodes,
    'rerun', v_trigger, p_run.business_key, p_due, p_now, v_more, v_request)], null, p_now);
  update meshhook.runs r set origin_id = p_run.id where r.id = v_id;
  if p_run.dead_letter is not null then
    perform meshhook_engine.dealt_with(p_run, jsonb_build_object('rerun', v_id), p_now);
  end if;
  perform meshhook_engine.audit(p_run.project_id, 'run.rerun', p_run.id::text, jsonb_strip_nulls(jsonb_build_object(
    'run', v_id, 'from_step', p_from, 'version', p_version.version, 'edited', nullif(p_input is not null, false))));
  return v_id;
end $$;
