-- decide, with what it asks for: loads missing outputs and asks again. Takes no lock; the caller holds the run.
-- p_steps are outputs already at hand, of the same commit. Called by: deliver, wake_timers. (A start has all it needs.)
create or replace function meshhook_engine.advance(
  p_run uuid, p_request uuid, p_graph jsonb, p_nodes meshhook_engine.node[], p_frontier jsonb, p_event meshhook_engine.fact,
  p_ctx jsonb, p_steps jsonb, p_seq int, p_at timestamptz, p_draw float8, p_budget interval)
returns meshhook_engine.decision
language plpgsql stable as $$
declare
  r       meshhook_engine.decision;
  v_ctx   jsonb := p_ctx;
  v_steps jsonb := p_steps;
  v_ahead int := 1;
begin
  loop
    r := meshhook_engine.decide(p_graph, p_nodes, p_frontier, p_event, v_ctx, v_steps, p_seq, p_at, p_draw, null, p_budget);
    if r.missing is null then
      return r;
    end if;
    if r.missing && array['.trigger', '.vars'] then
      v_ctx := v_ctx || meshhook_engine.recall_start(p_run, p_request);
    end if;
    if p_frontier ? 'loops' then
      v_steps := meshhook_engine.recall_loops(p_run, p_nodes, p_frontier, coalesce(v_steps, '{}'), r.missing, v_ahead);
      v_ahead := v_ahead * 2;  -- so that going through many items asks seldom
    end if;
    v_steps := coalesce(v_steps, '{}') || meshhook_engine.recall_steps(p_run, p_frontier -> 'at', r.missing);
  end loop;
end $$;
