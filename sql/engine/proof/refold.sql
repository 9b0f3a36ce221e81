-- Folds the log of a run again, up to a seq: from the facts that came from outside, through the same decide, to the state and
-- to every event that must follow; whatever differs from what is recorded is a problem.
--
-- A fact from outside carries a digest of its data; an event without one was derived and must come out of decide again.
-- Each problem: {seq, step, code, expected, got}. Codes: MH_LOG_GAP, MH_LOG_TAMPERED, MH_LOG_DIFFERS, MH_LOG_MISSING, MH_LOG_EXTRA.
-- The state: {seq, status, frontier, steps, output, error}.
-- Reads only. Called by: meshhook.verify, meshhook.state_at.
create or replace function meshhook_engine.refold(p_run meshhook.runs, p_upto int, out state jsonb, out problems jsonb)
language plpgsql stable as $$
declare
  v_graph    jsonb;
  v_nodes    meshhook_engine.node[];
  v_ctx      jsonb;
  v_status   meshhook.run_status := 'running';
  v_frontier jsonb := '{}'::jsonb;
  v_output   jsonb;
  v_error    jsonb;
  v_steps    jsonb;
  v_expected meshhook_engine.fact[] := '{}'::meshhook_engine.fact[];  -- events that must follow, in order
  v_seq      int := 0;
  v_fact     record;
  v_event    meshhook_engine.fact;
  v_want     meshhook_engine.fact;
  v_decision meshhook_engine.decision;
  v_cut      int;
  v_draw     float8;
  v_ahead    int;
  v_lists    jsonb := '{}'::jsonb;  -- of loops under way: their items, and what iterations that are over gave
  v_over     text[] := '{}'::text[];
  v_results  jsonb[] := '{}'::jsonb[];
  v_kept     record;
begin
  problems := '[]';
  select v.compiled - 'nodes', coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)),
         jsonb_build_object('run', meshhook_engine.run_context(p_run, w.name, v.version), 'vars', '{}'::jsonb)
  into v_graph, v_nodes, v_ctx
  from meshhook.workflow_versions v join meshhook.workflows w on w.id = v.workflow_id
  where v.id = p_run.version_id;

  for v_fact in
    select f.*, lead(f.data -> 'draw') over w as next_draw, lead(f.data) over w as next_data, lead(f.type) over w as next_type
    from meshhook_engine.facts(p_run.id, null) f
    window w as (order by f.seq)
  loop
    exit when v_fact.seq > p_upto;
    if v_fact.seq <> v_seq + 1 then
      problems := problems || jsonb_build_object(
        'seq', v_fact.seq, 'step', v_fact.step, 'code', 'MH_LOG_GAP', 'expected', v_seq + 1, 'got', v_fact.seq);
    end if;
    v_seq := v_fact.seq;
    v_event := row(v_fact.type, v_fact.step, v_fact.attempt, v_fact.data, null)::meshhook_engine.fact;

    -- Derived events must be what decide said.
    if v_fact.digest is null then
      if v_expected = '{}' and v_frontier ? 'rest' then
        v_ahead := 1;
        loop
          v_decision := meshhook_engine.decide(
            v_graph, v_nodes, v_frontier, null, v_ctx, v_steps, v_seq - 1, v_fact.at, null, (v_fact.data -> 'cut_after')::int, null);
          exit when v_decision.missing is null;  -- only loops ask
          v_steps := meshhook_engine.refold_supply(v_steps, v_decision.missing, v_lists, v_over, v_results, v_ahead);
          v_ahead := v_ahead * 2;
        end loop;
        v_frontier := v_decision.frontier;
        v_steps := v_decision.steps;
        if v_steps ?| '{.lists,.done,.items,.said}' then
          v_kept := meshhook_engine.refold_loops(v_steps, v_lists, v_frontier);
          v_steps := v_kept.steps;
          v_lists := v_kept.lists;
          for k in 1 .. coalesce(cardinality(v_kept.iterations), 0) loop
            v_over := v_over || v_kept.iterations[k];
            v_results := v_results || v_kept.results[k];
          end loop;
        end if;
        v_expected := v_decision.effects;
        if v_decision.status <> 'running' then
          v_status := v_decision.status;
          v_output := v_decision.output;
          v_error := v_decision.error;
        end if;
      end if;
      v_want := v_expected[1];
      v_expected := v_expected[2:];
      if v_want is null then
        problems := problems || jsonb_build_object(
          'seq', v_seq, 'step', v_fact.step, 'code', 'MH_LOG_EXTRA', 'expected', null, 'got', to_jsonb(v_event));
      elsif v_want is distinct from v_event then
        problems := problems || jsonb_build_object(
          'seq', v_seq, 'step', v_fact.step, 'code', 'MH_LOG_DIFFERS', 'expected', to_jsonb(v_want), 'got', to_jsonb(v_event));
      end if;
      continue;
    end if;

    -- A fact from outside: it must be as it was when it was written, and come when nothing is due from decide.
    if v_expected <> '{}' then
      problems := problems || jsonb_build_object(
        'seq', v_seq, 'step', v_fact.step, 'code', 'MH_LOG_MISSING', 'expected', to_jsonb(v_expected), 'got', to_jsonb(v_event));
      v_expected := '{}';
    end if;
    if meshhook_engine.digest(v_fact.data) <> v_fact.digest then
      problems := problems || jsonb_build_object(
        'seq', v_seq, 'step', v_fact.step, 'code', 'MH_LOG_TAMPERED',
        'expected', encode(v_fact.digest, 'hex'), 'got', encode(meshhook_engine.digest(v_fact.data), 'hex'));
    end if;

    case v_fact.type
    when 'run.failed', 'run.canceled' then
      v_status := substr(v_fact.type::text, 5);
      v_error := v_fact.data -> 'error';
      v_frontier := meshhook_engine.closed(v_frontier, v_status);
      continue;
    when 'run.paused', 'run.resumed' then
      v_status := case v_fact.type when 'run.paused' then 'paused' else 'running' end;
      v_frontier := meshhook_engine.put_off(v_frontier, v_fact.data -> 'due');
      continue;
    when 'run.retried', 'run.continued' then
      if v_status = 'failed' then
        v_frontier := meshhook_engine.reopened(
          v_frontier, v_nodes, v_error, case v_fact.type when 'run.continued' then v_fact.step end, v_fact.at, v_fact.data -> 'due');
        v_steps := v_steps - coalesce(split_part(v_error ->> 'step', '[', 1), '');
        v_status := 'running';
        v_output := null;
        v_error := null;
      end if;
      continue when v_fact.type = 'run.retried';
    when 'run.started' then
      v_ctx := v_ctx || jsonb_build_object('vars', coalesce(v_fact.data -> 'vars', '{}'));
      if v_fact.data ? 'trigger' then
        v_ctx := v_ctx || jsonb_build_object('trigger', v_fact.data -> 'trigger');
      else
        v_ctx := v_ctx || meshhook_engine.refold_request(v_fact.data);
        if v_ctx ? 'problem' then
          problems := problems || (v_ctx -> 'problem');
          v_ctx := v_ctx - 'problem';
        end if;
      end if;
      if v_fact.data ?| array['delayed_until', 'held'] then
        v_frontier := meshhook_engine.delayed(v_fact.data -> 'due');
        continue;
      end if;
      if v_fact.data ? 'copied' then
        v_frontier := meshhook_engine.carried(v_graph, v_nodes, v_fact.data -> 'copied');
        v_steps := (select jsonb_object_agg(c.key, c.value -> 'output') from jsonb_each(v_fact.data -> 'copied') c);
        continue;
      end if;
    else
      null;
    end case;

    -- An outcome that nothing waits for: what went before was changed, so that the fold has taken another way.
    if v_fact.type in ('call.attempted', 'timer.fired', 'signal.received', 'child.finished', 'run.continued') and v_frontier -> 'open' -> v_fact.step is null and v_fact.step is distinct from '*' then
      problems := problems || jsonb_build_object(
        'seq', v_seq, 'step', v_fact.step, 'code', 'MH_LOG_EXTRA', 'expected', null, 'got', to_jsonb(v_event));
      continue;
    end if;

    -- What the caller drew then is recorded in the event that followed.
    v_draw := case when v_fact.next_type = 'retry.scheduled' then v_fact.next_draw::float8 end;
    v_cut := (
      select (f.data -> 'cut_after')::int from meshhook_engine.facts(p_run.id, array[v_seq + 1, v_seq + 2]) f
      where f.type = 'segment.decided' and f.digest is null order by f.seq limit 1);
    v_ahead := 1;
    loop
      v_decision := meshhook_engine.decide(
        v_graph, v_nodes, v_frontier, v_event, v_ctx, v_steps, v_seq, v_fact.at, v_draw, v_cut, null);
      exit when v_decision.missing is null;  -- only loops ask
      v_steps := meshhook_engine.refold_supply(v_steps, v_decision.missing, v_lists, v_over, v_results, v_ahead);
      v_ahead := v_ahead * 2;
    end loop;
    v_frontier := v_decision.frontier;
    v_expected := v_decision.effects;
    v_steps := v_decision.steps;
    if v_steps ?| '{.lists,.done,.items,.said}' then
      v_kept := meshhook_engine.refold_loops(v_steps, v_lists, v_frontier);
      v_steps := v_kept.steps;
      v_lists := v_kept.lists;
      for k in 1 .. coalesce(cardinality(v_kept.iterations), 0) loop
        v_over := v_over || v_kept.iterations[k];
        v_results := v_results || v_kept.results[k];
      end loop;
    end if;
    if v_decision.status <> 'running' then
      v_status := v_decision.status;
      v_output := v_decision.output;
      v_error := v_decision.error;
    end if;
  end loop;

  if v_expected <> '{}' and p_upto >= p_run.seq then
    problems := problems || jsonb_build_object(
      'seq', v_seq + 1, 'step', v_expected[1].step, 'code', 'MH_LOG_MISSING', 'expected', to_jsonb(v_expected), 'got', null);
  end if;
  state := jsonb_build_object(
    'seq', v_seq, 'status', v_status, 'frontier', v_frontier, 'steps', meshhook_engine.refold_shown(v_steps),
    'output', v_output, 'error', v_error);
end $$;
