-- The decision that changes nothing: the run called by a step goes on. Called by: deliver.
create or replace function meshhook_engine.still_called(p_frontier jsonb, p_steps jsonb) returns meshhook_engine.decision
language plpgsql immutable as $$
declare
  r meshhook_engine.decision;
begin
  r.status := 'running';
  r.frontier := p_frontier;
  r.effects := '{}';
  r.opened := '{}';
  r.steps := p_steps;
  return r;
end $$;
