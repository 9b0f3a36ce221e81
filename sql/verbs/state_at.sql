-- Where a run stood after its event number seq: folded from the log, not read from the snapshot. Reads only.
create or replace function meshhook.state_at(run uuid, seq int) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_run   meshhook.runs := meshhook_engine.run_for(run, 'view');
  v_state jsonb;
begin
  select f.state into v_state from meshhook_engine.refold(v_run, state_at.seq) f;
  return v_state;
end $$;
comment on function meshhook.state_at(uuid, int) is
  'The state of a run after one of its events: status, frontier, outputs of the steps so far.';
