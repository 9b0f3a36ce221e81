-- decide, with what it asks for: loads missing outputs and asks again, at most a few times.
-- Takes no lock; the caller holds the run. Called by: accept, start, deliver, wake.
create or replace function meshhook_engine.advance(
  p_run uuid, p_request uuid, p_graph jsonb, p_nodes jsonb[], p_frontier jsonb, p_event jsonb, p_ctx jsonb,
  p_seq int, p_at timestamptz, p_draw float8, p_until timestamptz)
returns meshhook_engine.decision
language plpgsql stable as $$
declare
  r     meshhook_engine.decision;
  v_ctx jsonb := p_ctx;
begin
  loop
    r := meshhook_engine.decide(p_graph, p_nodes, p_frontier, p_event, v_ctx, p_seq, p_at, p_draw, null, p_until);
    exit when r.missing is null;
    v_ctx := meshhook_engine.recall(p_run, p_request, p_frontier -> 'at', r.missing, v_ctx);
  end loop;
  return r;
end $$;
