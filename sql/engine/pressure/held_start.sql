-- The decision that a run is made and does not begin yet. Called by: accept, new_run.
create or replace function meshhook_engine.held_start() returns meshhook_engine.decision
language plpgsql immutable as $$
declare
  r meshhook_engine.decision;
begin
  r.status := 'running';
  r.frontier := meshhook_engine.delayed(null);
  r.opened := '{}';
  r.effects := '{}';
  return r;
end $$;
