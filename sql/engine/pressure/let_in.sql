-- Ends what is to be ended and lets begin what may. In this order: who comes to decide about keys has no more rows to wait for.
-- Locks: see ended_by_verdict and admit_runs. Called by: wake (p_runs null: everything), nudged (the keys of some runs).
create or replace function meshhook_engine.let_in(p_process int, p_runs uuid[], p_limit int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_did int;
begin
  v_did := meshhook_engine.ended_by_verdict(p_process, p_limit, p_now) + meshhook_engine.admit_runs(p_runs, p_limit, p_now);
  return v_did;
end $$;
