-- Retries, delays and waits that are due: a retry becomes a queue row, a delay fires and its run is decided on; a wait gets a
-- signal that came before it, or its timeout (see early_signal).
-- The waits are read without a lock first, then their runs are locked in id order, then the waits are read again: cancel and
-- deliver lock the run before they touch its waits, so taking them the other way round would deadlock.
-- Called by: wake.
create or replace function meshhook_engine.wake_timers(p_process int, p_limit int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_due      uuid[];
  v_run      meshhook.runs;
  v_version  int := -1;
  v_graph    jsonb;
  v_nodes    meshhook_engine.node[];
  v_name     text;
  v_number   int;
  v_ctx      jsonb;
  v_wait     record;
  v_steps    jsonb;
  v_event    meshhook_engine.fact;
  v_logged   meshhook_engine.fact[];
  v_data     jsonb;
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
  v_change   meshhook_engine.change;
  v_changes  meshhook_engine.change[] := '{}'::meshhook_engine.change[];
  v_did      int := 0;
begin
  v_due := array(
    select distinct d.run_id
    from (select w.run_id from meshhook.waits w where w.due_at <= p_now order by w.due_at limit p_limit) d
    order by 1);
  if v_due = '{}' then
    return 0;
  end if;

  for v_run in
    select k.*
    from unnest(v_due) wanted(id)
    cross join lateral (select * from meshhook.runs r where r.id = wanted.id and r.finished_at is null for no key update skip locked) k
  loop
    continue when v_run.status = 'paused';
    if v_version <> v_run.version_id then
      v_version := v_run.version_id;
      select v.compiled - 'nodes', coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)), w.name, v.version
      into v_graph, v_nodes, v_name, v_number
      from meshhook.workflow_versions v join meshhook.workflows w on w.id = v.workflow_id
      where v.id = v_version;
    end if;
    v_ctx := jsonb_build_object('run', meshhook_engine.run_context(v_run, v_name, v_number));
    v_steps := null;
    for v_wait in
      select w.step, w.kind from meshhook.waits w
      where w.run_id = v_run.id and w.due_at <= p_now
      order by w.due_at, w.step
    loop
      exit when v_run.finished_at is not null;
      continue when v_run.frontier -> 'open' -> v_wait.step is null;  -- given up by what the one before it led to
      v_logged := '{}';
      if v_wait.kind in ('retry', 'child') then
        continue when v_wait.kind = 'child' and not meshhook_engine.child_ended(v_run, v_wait.step);
        v_decision := null;
        v_decision.status := 'running';
        v_decision.frontier := v_run.frontier;
        v_decision.effects := '{}';
        v_decision.opened := array[v_wait.step];
      else
        if v_wait.kind in ('signal', 'approval') then
          v_event := meshhook_engine.early_signal(v_run, v_wait.step, p_now);
          continue when v_event is null;
        else
          v_data := jsonb_build_object('due', v_run.frontier -> 'open' -> v_wait.step -> 'due');
          v_event := row('timer.fired', v_wait.step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact;
        end if;
        v_logged := array[v_event];
        v_decision := meshhook_engine.advance(
          v_run.id, v_run.request_id, v_graph, v_nodes, v_run.frontier, v_event, v_ctx, v_steps, v_run.seq + 1, p_now, random(), interval '50 milliseconds');
      end if;
      v_place := meshhook_engine.place(v_run.id, v_run.project_id, v_decision, v_run.jobs, null, null, 0, v_nodes, p_now);
      v_change := meshhook_engine.change_of(v_run, v_decision, v_place, v_logged);
      v_change.had_waits := true;
      v_did := v_did + 1;
      if cardinality(v_changes) > 0 and v_changes[cardinality(v_changes)].run_id = v_run.id then
        v_changes[cardinality(v_changes)] := meshhook_engine.merge(v_changes[cardinality(v_changes)], v_change);
      else
        v_changes := v_changes || v_change;
      end if;
      v_run.seq := v_run.seq + cardinality(v_change.events);
      v_run.frontier := v_change.frontier;
      v_run.jobs := v_changes[cardinality(v_changes)].jobs;  -- as merged: a row made twice has become one
      if v_decision.status <> 'running' then
        v_run.finished_at := p_now;
      end if;
      v_steps := coalesce(v_decision.steps, v_steps);
    end loop;
  end loop;

  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, p_process, p_now);
  end if;
  return v_did;
end $$;
