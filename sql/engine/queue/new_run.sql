-- The change that makes a run out of a version and a trigger: its first segment decided, its work placed for anybody. The
-- caller writes it, alone or with others, by write(). p_due puts the first segment off until then.
-- p_id carries the moment of its making (uuid_v7 of p_now). p_kind is the column runs.trigger: manual, sql, schedule,
-- rerun, error.
-- p_more goes into run.started: {origin}; {origin, from, copied}: results of another run, with which this one begins; {request,
-- body_sha256} instead of a trigger, which is then that request's (p_request).
-- Takes no lock, writes nothing but the slot of a start that is held back (hold); evaluation that fails becomes events.
-- Called by: start, fire, start_watched, repeat, heed_failures.
create or replace function meshhook_engine.new_run(
  p_id uuid, p_project int, p_workflow int, p_name text, p_version_id int, p_version int, p_graph jsonb,
  p_nodes meshhook_engine.node[], p_kind text, p_trigger jsonb, p_business_key text, p_due timestamptz, p_now timestamptz,
  p_more jsonb default '{}', p_request uuid default null)
returns meshhook_engine.change
language plpgsql volatile as $$
declare
  v_run      meshhook.runs;
  v_vars     jsonb := case when (p_graph -> 'uses_vars')::boolean or p_graph ? 'holds' then meshhook_engine.vars_of(p_project) else '{}' end;
  v_started  jsonb;
  v_held     jsonb;
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
begin
  v_run.id := p_id;
  v_run.started_at := p_now;
  v_run.business_key := p_business_key;
  if p_graph #> '{policy,deadline_ms}' <> 'null' then
    v_run.deadline_at := p_now + make_interval(secs => (p_graph #> '{policy,deadline_ms}')::float8 / 1000);
  end if;
  v_started := jsonb_build_object('workflow', p_name, 'version', p_version)
    || case when p_request is null then jsonb_build_object('trigger', p_trigger) else '{}' end || p_more;
  if (p_graph -> 'uses_vars')::boolean then
    v_started := v_started || jsonb_build_object('vars', v_vars);
  end if;
  if p_graph ? 'holds' and not p_more ? 'copied' then  -- what goes on in the middle is not held back
    v_held := meshhook_engine.hold(p_id, p_project, p_workflow, p_graph -> 'holds',
      jsonb_build_object('trigger', p_trigger, 'vars', v_vars, 'run', meshhook_engine.run_context(v_run, p_name, p_version)), p_due, p_now);
  end if;
  if v_held is not null then
    v_started := v_started || v_held;
    v_decision := meshhook_engine.held_start();
  elsif p_due > p_now then
    v_started := v_started || jsonb_build_object(
      'due', (extract(epoch from p_due) * 1000)::bigint, 'delayed_until', meshhook_engine.iso(p_due));
    v_decision.frontier := meshhook_engine.delayed(v_started -> 'due');
    v_decision.status := 'running';
    v_decision.opened := '{*}';
    v_decision.effects := '{}';
  else
    v_decision := meshhook_engine.decide(
      p_graph, p_nodes,
      case when p_more ? 'copied' then meshhook_engine.carried(p_graph, p_nodes, p_more -> 'copied') else '{}' end,
      case when not p_more ? 'copied' then row('run.started', null, null, null, null)::meshhook_engine.fact end,
      jsonb_build_object('trigger', p_trigger, 'vars', v_vars, 'run', meshhook_engine.run_context(v_run, p_name, p_version)),
      (select jsonb_object_agg(c.key, c.value -> 'output') from jsonb_each(p_more -> 'copied') c),
      1, p_now, null, null, interval '50 milliseconds');
  end if;
  v_place := meshhook_engine.place(p_id, p_project, v_decision, null, null, null, 0, p_nodes, p_now);
  return meshhook_engine.opening(
    p_id, p_project, p_workflow, p_version_id, p_kind, p_request, p_business_key, v_run.deadline_at, v_decision, v_place, v_started);
end $$;
