-- Settles an open step of a run, whose lock the caller holds, with an output that somebody gives, and decides on what follows.
-- Of a failed run the step may be the one that failed; what that failure canceled is open again.
-- Locks: events, waits, then river_job rows. Notifies: meshhook_ended, and see write and rehold. Called by: skip_step.
create or replace function meshhook_engine.skip(p_run meshhook.runs, p_step text, p_output jsonb, p_now timestamptz) returns void
language plpgsql volatile as $$
declare
  v_again    boolean := p_run.status = 'failed';
  v_data     jsonb := jsonb_build_object('output', p_output, 'by', meshhook.principal());
  v_event    meshhook_engine.fact := row('run.continued', p_step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact;
  v_graph    jsonb;
  v_nodes    meshhook_engine.node[];
  v_ctx      jsonb;
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
begin
  select v.compiled - 'nodes', coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)), jsonb_build_object('run', meshhook_engine.run_context(p_run, w.name, v.version))
  into v_graph, v_nodes, v_ctx
  from meshhook.workflow_versions v join meshhook.workflows w on w.id = v.workflow_id
  where v.id = p_run.version_id;
  if v_again then
    p_run.frontier := meshhook_engine.reopened(p_run.frontier, v_nodes, p_run.error, p_step, p_now, null);
    p_run.status := 'running';
  end if;
  v_decision := meshhook_engine.advance(
    p_run.id, p_run.request_id, v_graph, v_nodes, p_run.frontier, v_event, v_ctx, null, p_run.seq + 1, p_now, random(), interval '50 milliseconds');
  if p_run.status = 'paused' then
    v_decision.opened := case v_decision.opened[1] when '-' then array['-'] else '{}'::text[] end;
  end if;
  v_place := meshhook_engine.place(
    p_run.id, p_run.project_id, v_decision, p_run.jobs - p_step, null, (p_run.jobs ->> p_step)::bigint, 0, v_nodes, p_now);
  perform meshhook_engine.write(array[meshhook_engine.change_of(p_run, v_decision, v_place, array[v_event])], null, p_now);
  perform meshhook_engine.tell_ended(p_run, case when v_decision.status = 'running' then p_step end);
  if v_again and v_decision.status = 'running' then
    perform meshhook_engine.new_deadline(p_run.id, p_now);
    perform meshhook_engine.rehold(meshhook_engine.locked(p_run.id), p_now);
  end if;
  perform meshhook_engine.audit(p_run.project_id, 'run.continued', p_run.id::text,
    jsonb_build_object('step', p_step) || meshhook_engine.audit_values(jsonb_build_object('output', p_output), '{}'));
end $$;
