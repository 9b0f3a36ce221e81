-- The change that facts from outside make of a run whose lock the caller holds, one after the other; a fact whose step does not
-- wait any more changes nothing. What they open is for anybody; of a paused run it waits until it is resumed.
-- Takes no lock, writes nothing. Called by: signal, answer_approval.
create or replace function meshhook_engine.arrive(p_run meshhook.runs, p_facts meshhook_engine.fact[], p_now timestamptz) returns meshhook_engine.change
language plpgsql volatile as $$
declare
  v_graph    jsonb;
  v_nodes    meshhook_engine.node[];
  v_ctx      jsonb;
  v_steps    jsonb;
  v_fact     meshhook_engine.fact;
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
  v_change   meshhook_engine.change;
  v_all      meshhook_engine.change;
begin
  select v.compiled - 'nodes', coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)),
         jsonb_build_object('run', meshhook_engine.run_context(p_run, w.name, v.version))
  into v_graph, v_nodes, v_ctx
  from meshhook.workflow_versions v join meshhook.workflows w on w.id = v.workflow_id
  where v.id = p_run.version_id;
  foreach v_fact in array p_facts loop
    continue when p_run.finished_at is not null or p_run.frontier -> 'open' -> v_fact.step is null;
    v_decision := meshhook_engine.advance(
      p_run.id, p_run.request_id, v_graph, v_nodes, p_run.frontier, v_fact, v_ctx, v_steps, p_run.seq + 1, p_now, random(), interval '50 milliseconds');
    if p_run.status = 'paused' then
      v_decision.opened := case v_decision.opened[1] when '-' then array['-'] else '{}'::text[] end;
    end if;
    v_place := meshhook_engine.place(p_run.id, p_run.project_id, v_decision, p_run.jobs, null, null, 0, v_nodes, p_now);
    v_change := meshhook_engine.change_of(p_run, v_decision, v_place, array[v_fact]);
    v_change.had_waits := true;
    v_all := case when v_all is null then v_change else meshhook_engine.merge(v_all, v_change) end;
    p_run.seq := p_run.seq + cardinality(v_change.events);
    p_run.frontier := v_change.frontier;
    p_run.jobs := v_all.jobs;
    if v_decision.status <> 'running' then
      p_run.finished_at := p_now;
    end if;
    v_steps := v_decision.steps;
  end loop;
  return v_all;
end $$;
